// The models of the service: their figures, what serves, the buttons that change it, and the comparison.

import { ask } from "./api.js";
import { comparison } from "./compare.js";
import { $, h, replace } from "./dom.js";
import { emit } from "./events.js";
import { moment, number, t } from "./i18n.js";
import { loadModel, serving } from "./model.js";
import { complain, hush, announce } from "./says.js";

const TRIES = 20;
const PAUSE = 500;
const METRICS = [
  "keep_f1",
  "content_chars_kept",
  "junk_chars_removed",
  "spam_lines_removed",
  "family_macro_f1",
  "span_char_f1",
];

/** Nodes for the part of the dashboard that shows the models. Throws Problem. */
export async function modelsPart() {
  const answer = await ask("GET", "v1/models");
  const rollback = answer.previous
    ? h(
        "button",
        { type: "button", id: "rollback", on: { click: () => change("rollback", answer.previous) } },
        t("dash.rollback"),
      )
    : null;
  return [
    h("p", {}, t("dash.serves", { model: serving()?.model ?? answer.current }), " ", rollback),
    answer.models.length
      ? h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t("dash.models") }, table(answer))
      : h("p", { class: "note" }, t("dash.models.none")),
    h("div", { id: "comparison" }),
  ];
}

function table({ models, current }) {
  const shown = METRICS.filter((name) => models.some((model) => figures(model)[name] !== undefined));
  const heads = ["dash.model", "dash.state", "dash.when", "dash.corrected"].map((key, n) =>
    h("th", { scope: "col", class: n > 1 ? "wide-only" : "" }, t(key)),
  );
  const metrics = shown.map((name, n) =>
    h("th", { scope: "col", class: `number figure-name ${n ? "wide-only" : ""}` }, h("code", {}, broken(name))),
  );
  return h(
    "table",
    { class: "models" },
    h(
      "thead",
      {},
      h("tr", {}, heads, metrics, h("th", { scope: "col" }, h("span", { class: "unseen" }, t("rules.action")))),
    ),
    h(
      "tbody",
      {},
      models.map((model) => row(model, shown, current)),
    ),
  );
}

function row(model, shown, current) {
  const cells = shown.map((name, n) =>
    h(
      "td",
      { class: n ? "number wide-only" : "number" },
      figures(model)[name] === undefined ? "–" : number(figures(model)[name], 3),
    ),
  );
  return h(
    "tr",
    { dataset: { state: model.state } },
    h("th", { scope: "row" }, h("code", { title: model.model }, model.name)),
    h(
      "td",
      {},
      h("span", { class: "state", dataset: { state: model.state } }, t(`dash.state.${model.state}`)),
      gate(model.gate),
    ),
    h("td", { class: "soft wide-only" }, model.created ? moment(model.created) : "–"),
    h(
      "td",
      { class: "number wide-only" },
      model.corrections === null || model.corrections === undefined ? "–" : number(model.corrections),
    ),
    cells,
    h("td", {}, h("div", { class: "row" }, buttons(model, current))),
  );
}

function gate(found) {
  if (!found) return null;
  const words = found.passed ? t("dash.gate.passed") : t("dash.gate.failed", { names: found.failed.join("; ") });
  return h("span", { class: "gate", dataset: { passed: found.passed } }, words);
}

function buttons(model, current) {
  if (model.state === "current") return null;
  const compare = h(
    "button",
    { type: "button", dataset: { compare: model.name }, on: { click: () => show(current, model.name) } },
    t("dash.compare"),
  );
  const promote =
    model.state === "previous"
      ? null
      : h(
          "button",
          { type: "button", dataset: { promote: model.name }, on: { click: () => promoted(model) } },
          t("dash.promote"),
        );
  const discard =
    model.state === "candidate"
      ? h(
          "button",
          {
            type: "button",
            class: "plain",
            dataset: { discard: model.name },
            on: { click: () => change("discard", model.name, { name: model.name }) },
          },
          t("dash.discard"),
        )
      : null;
  return [compare, promote, discard];
}

/** A figure's name, which may be broken behind its underscores. */
function broken(name) {
  return name.split("_").map((part, n) => (n ? [h("wbr"), `_${part}`] : part));
}

/** The figures of a model: those on pages that were written for tests, else the first there are. */
function figures(model) {
  const metrics = model.metrics ?? {};
  return metrics.test ?? metrics.dev ?? Object.values(metrics)[0] ?? {};
}

async function show(old, fresh) {
  replace($("comparison"), h("p", { class: "note" }, t("dash.comparing")));
  try {
    const query = new URLSearchParams(old === null ? { new: fresh } : { old, new: fresh }); // null: none of the list serves
    replace($("comparison"), comparison(await ask("GET", `v1/compare?${query}`)));
    $("comparison").querySelector("h3").focus();
    hush();
  } catch (error) {
    replace($("comparison"));
    complain(error);
  }
}

/** A model below its floors serves only where that is meant. */
function promoted({ name, gate: found }) {
  if (found?.passed ?? true) return change("promote", name, { name });
  return change(
    "promote",
    name,
    { name, force: true },
    t("dash.confirm.force", { model: name, names: found.failed.join("; ") }),
  );
}

async function change(what, name, body = {}, question = t(`dash.confirm.${what}`, { model: name })) {
  if (!(await sure(question, t(`dash.${what}`)))) return;
  try {
    await served(await ask("POST", `v1/models/${what}`, { body }));
    hush();
    announce(t("dash.serves", { model: serving().model }));
    emit("model");
  } catch (error) {
    complain(error);
  }
}

/** Wait until the model that should serve does; where there are several processes, each takes its moment. */
async function served({ current, models }) {
  const wanted = models.find((model) => model.name === current)?.model;
  for (let n = 0; n < TRIES; n += 1) {
    await loadModel();
    if (!wanted || serving().model === wanted) return;
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}

/** Ask whether something is meant. */
function sure(question, yes) {
  const dialog = $("sure");
  $("sure-text").textContent = question;
  $("sure-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
  );
}
