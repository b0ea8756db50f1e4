// The switches of the policy: legend, counts and rules in one table. Every change has the page judged again.

import { $, h, paused, replace } from "./dom.js";
import { on } from "./events.js";
import { number, t } from "./i18n.js";
import { chip, labels, title } from "./labels.js";
import { current } from "./page.js";
import * as policy from "./policy.js";

const ACTIONS = ["keep", "flag", "drop"];
const PAUSE = 120;

let changed = () => {};

/** Draw the switches. judge: called, after a short pause, whenever one of them was changed. */
export function startRules(judge) {
  const soon = paused(judge, PAUSE);
  changed = () => {
    head();
    soon();
  };
  on("language", drawRules);
  on("page", count);
  drawRules();
}

/** Draw the switches as they are set now. */
export function drawRules() {
  if (policy.known().length === 0) return;
  replace($("rules"), h("div", { class: "rules-head", id: "rules-head" }), table(), extras());
  head();
  count();
}

function head() {
  const names = policy
    .known()
    .map((one) => h("option", { value: one.name, selected: one.name === policy.baseName() }, one.name));
  const select = h(
    "select",
    { id: "policy", "aria-label": t("policy.choose"), on: { change: (event) => set(event.target.value) } },
    names,
  );
  const reset = h(
    "button",
    {
      type: "button",
      class: "plain",
      id: "reset",
      disabled: !policy.isChanged(),
      on: { click: () => set(policy.baseName()) },
    },
    t("policy.reset"),
  );
  const held = document.activeElement?.id;
  replace($("rules-head"), select, reset);
  if (held === "policy" || held === "reset") $(held).focus();
}

function set(name) {
  policy.choose(name);
  drawRules();
  changed();
}

function table() {
  const rows = labels().map((row) => ruleRow(row));
  return h(
    "table",
    { class: "rules-table" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, t("rules.label")),
        h("th", { scope: "col", class: "number" }, t("rules.lines")),
        h("th", { scope: "col" }, t("rules.action")),
        h("th", { scope: "col" }, t("rules.threshold")),
      ),
    ),
    h("tbody", {}, rows),
  );
}

function ruleRow({ name, family }) {
  const rule = policy.rule(name);
  const choices = ACTIONS.filter((action) => family !== "keep" || action !== "drop");
  return h(
    "tr",
    { dataset: { label: name } },
    h("th", { scope: "row" }, chip(name)),
    h("td", { class: "number", dataset: { count: name } }),
    h(
      "td",
      {},
      h(
        "fieldset",
        { class: "switch" },
        h("legend", { class: "unseen" }, t("rules.of", { label: title(name) })),
        choices.map((action) => choice(name, action, rule.action)),
      ),
    ),
    h(
      "td",
      {},
      threshold(rule.threshold, t("rules.threshold.of", { label: title(name) }), (value) =>
        policy.setRule(name, { threshold: value }),
      ),
    ),
  );
}

function choice(name, action, set_) {
  const choose = () => {
    policy.setRule(name, { action });
    changed();
  };
  const input = h("input", {
    type: "radio",
    name: `rule-${name}`,
    value: action,
    checked: action === set_,
    on: { change: choose },
  });
  return h("label", { title: t(`act.${action}`), dataset: { action } }, input, h("span", {}, t(`act.${action}`)));
}

function threshold(value, says, store) {
  const change = (event) => {
    const wanted = event.target.valueAsNumber;
    const right = wanted >= 0 && wanted <= 1;
    event.target.setAttribute("aria-invalid", String(!right));
    if (!right) return;
    store(wanted);
    changed();
  };
  return h("input", {
    type: "number",
    min: 0,
    max: 1,
    step: 0.05,
    value: Number(value.toFixed(4)),
    "aria-label": says,
    on: { input: change },
  });
}

function extras() {
  const repair = (event) => {
    policy.setRepairs(event.target.checked);
    changed();
  };
  return h(
    "div",
    { class: "rules-extras" },
    h(
      "label",
      {},
      h("span", {}, t("rules.spans")),
      threshold(policy.spanThreshold(), t("rules.spans"), policy.setSpanThreshold),
    ),
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", id: "repair", checked: policy.repairs(), on: { change: repair } }),
      h("span", {}, t("rules.repair")),
    ),
    h("p", { class: "note" }, t("rules.note")),
  );
}

function count() {
  const lines = current()?.answer.lines ?? [];
  for (const cell of $("rules").querySelectorAll("[data-count]")) {
    const found = lines.filter((line) => line.label === cell.dataset.count).length;
    cell.textContent = found ? number(found) : "·";
  }
}
