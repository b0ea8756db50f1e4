// Why a line has its label: the words that decided, what the neighbours changed, the disguises that were seen through.

import { correctionsOf } from "./corrections.js";
import { $, h, replace } from "./dom.js";
import { on } from "./events.js";
import { number, t } from "./i18n.js";
import { chip, labels, title } from "./labels.js";
import { activeLine } from "./lines.js";
import { current } from "./page.js";
import * as policy from "./policy.js";
import { shownText } from "./text.js";

let choose = () => {};

/** Show the reason for the active line, or for the one that is pointed at. act: called with a label's name. */
export function startReason(act) {
  choose = act;
  on("active", () => draw(activeLine()));
  on("hover", (row) => draw(row ?? activeLine()));
  on("rules", () => draw(activeLine()));
  replace(
    $("reason"),
    h("div", { id: "reason-text", class: "reason-text" }),
    h("div", { class: "codes", id: "codes", role: "group" }),
  );
  drawCodes();
  on("language", drawCodes);
}

/** Buttons that do what the label keys do, for mouse and touch. */
export function drawCodes() {
  const buttons = labels().map(({ name, code }) =>
    h(
      "button",
      {
        type: "button",
        class: "code",
        dataset: { label: name },
        title: `${title(name)} (${code})`,
        "aria-label": t("correct.to", { label: title(name) }),
        on: { pointerdown: (event) => event.preventDefault(), click: () => choose(name) },
      },
      h("b", {}, code),
      h("span", {}, title(name)),
    ),
  );
  $("codes").setAttribute("aria-label", t("correct.group"));
  replace($("codes"), buttons);
}

function draw(row) {
  if (!row || !current()) return void replace($("reason-text"));
  replace($("reason-text"), headline(row.verdict), details(row));
}

function headline(verdict) {
  const own = correctionsOf(verdict.line);
  return h(
    "p",
    { class: "headline" },
    h("span", { class: "soft" }, t("line.number", { n: verdict.line + 1 })),
    chip(verdict.label),
    h("span", { class: "figure" }, number(verdict.score, 2)),
    h("span", { class: "act-word", dataset: { action: verdict.action } }, t(`action.${verdict.action}`)),
    h(
      "span",
      { class: "soft" },
      t("reason.junk", {
        junk: number(Math.min(verdict.junk, 1), 2),
        threshold: number(policy.rule(verdict.label).threshold, 2),
      }),
    ),
    own.label ? h("span", { class: "own" }, t("corrected.to"), " ", chip(own.label)) : null,
  );
}

function details({ verdict, text }) {
  const rows = [];
  const words = (verdict.why?.words ?? []).filter((one) => Math.abs(one.weight) >= 0.05);
  if (verdict.why) rows.push(entry("reason.words", words.length ? words.map(word) : t("reason.none")));
  if (verdict.why && verdict.why.alone.label !== verdict.label)
    rows.push(entry("reason.neighbours", neighbours(verdict)));
  if (verdict.tricks?.length) rows.push(entry("reason.tricks", verdict.tricks.map(trickName).join(" · ")));
  if (verdict.why?.folded.length) rows.push(entry("reason.folded", verdict.why.folded.slice(0, 12).map(folded)));
  if (verdict.spans.length)
    rows.push(
      entry(
        "reason.spans",
        verdict.spans.map((span) => spanNode(span, verdict, text)),
      ),
    );
  if (!verdict.why) rows.push(entry("reason.words", t("reason.off")));
  return h("dl", {}, rows);
}

function entry(key, value) {
  return h("div", {}, h("dt", {}, t(key)), h("dd", {}, value));
}

function word(one) {
  const share = Math.min(Math.abs(one.weight) / 4, 1);
  const said = one.word === "(shape)" ? t("reason.shape") : shownText(one.word);
  const sign = one.weight < 0 ? "−" : "+";
  return h(
    "span",
    { class: "word", dataset: { side: one.weight < 0 ? "against" : "for" }, vars: { "--share": share } },
    h("bdi", { lang: "zh" }, said),
    h("span", { class: "figure" }, `${sign}${number(Math.abs(one.weight), 1)}`),
  );
}

function neighbours(verdict) {
  const { alone } = verdict.why;
  return [
    chip(alone.label),
    h("span", { class: "figure" }, number(alone.score, 2)),
    " → ",
    chip(verdict.label),
    h("span", { class: "figure" }, number(verdict.score, 2)),
  ];
}

function trickName(name) {
  return t(`trick.${name.replaceAll(" ", "-")}`);
}

function folded(one) {
  return h(
    "span",
    { class: "word" },
    h("bdi", { lang: "zh" }, shownText(one.text, { named: true })),
    " → ",
    one.read ? h("bdi", { lang: "zh" }, shownText(one.read)) : h("i", { class: "soft" }, t("reason.nothing")),
  );
}

function spanNode(span, verdict, text) {
  const points = [...text];
  const piece = points.slice(span.start - verdict.start, span.end - verdict.start).join("");
  return h(
    "span",
    { class: "word" },
    chip(span.label, { short: true }),
    h("bdi", { lang: "zh" }, shownText(piece)),
    h("span", { class: "figure" }, number(span.score, 2)),
    h("span", { class: "soft" }, t(`action.${span.action}`)),
  );
}
