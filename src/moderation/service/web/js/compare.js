// One model against another: figures side by side, and the verdicts that flip, each in its context.

import { h } from "./dom.js";
import { number, t } from "./i18n.js";
import { chip } from "./labels.js";
import { shownText } from "./text.js";

const COUNTS = new Set(["pages", "lines"]);

/** Nodes for the answer of GET /v1/compare. */
export function comparison(answer) {
  return [
    h("h3", { tabindex: "-1" }, t("dash.compare.title", { new: answer.new, old: answer.old })),
    h("div", { class: "sets" }, answer.metrics.map(metrics)),
    h("h3", {}, t("dash.flips")),
    h("p", { class: "note" }, t("dash.flips.count", { n: number(answer.flipped), lines: number(answer.lines) })),
    h("ol", { class: "flips" }, answer.flips.map(flip)),
  ];
}

function metrics(found) {
  const names = Object.keys(found.new).filter(
    (name) => !COUNTS.has(name) && typeof found.new[name] === "number" && typeof found.old[name] === "number",
  );
  const heads = [t("dash.metric"), t("dash.old"), t("dash.new"), t("dash.change")];
  return h(
    "div",
    { class: "wide" },
    h(
      "table",
      { class: "compare" },
      h(
        "caption",
        {},
        t("dash.set", { name: t(`dash.set.${found.set}`), pages: number(found.pages), lines: number(found.lines) }),
      ),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head, n) => h("th", { scope: "col", class: n ? "number" : "" }, head)),
        ),
      ),
      h(
        "tbody",
        {},
        names.map((name) => metric(name, found.old[name], found.new[name])),
      ),
    ),
  );
}

function metric(name, old, fresh) {
  const by = fresh - old;
  const side = Math.abs(by) < 0.0005 ? "same" : by > 0 ? "up" : "down";
  const sign = { same: "±", up: "+", down: "−" }[side];
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("code", {}, name)),
    h("td", { class: "number" }, number(old, 3)),
    h("td", { class: "number" }, number(fresh, 3)),
    h("td", { class: "number change", dataset: { side } }, `${sign}${number(Math.abs(by), 3)}`),
  );
}

function flip(one) {
  const beside = (lines) => lines.map((line) => h("p", { class: "beside", dir: "auto" }, shownText(line.text)));
  return h(
    "li",
    {},
    h(
      "p",
      { class: "flip-head" },
      opinion(one.old),
      " → ",
      opinion(one.new),
      one.truth ? h("span", { class: "truth" }, t("dash.truth"), " ", chip(one.truth)) : null,
      h("span", { class: "soft" }, t(`dash.set.${one.set}`)),
    ),
    h(
      "div",
      { lang: "zh" },
      beside(one.before),
      h("p", { class: "flip-text", dir: "auto" }, shownText(one.text)),
      beside(one.after),
    ),
  );
}

function opinion({ label, score, action }) {
  return h(
    "span",
    { class: "word" },
    chip(label),
    h("span", { class: "figure" }, number(score, 2)),
    h("span", { class: "act-word", dataset: { action } }, t(`action.${action}`)),
  );
}
