// The lines of the page that is reviewed: one row a line, coloured by label, what is cut struck through.

import { correctionsOf } from "./corrections.js";
import { $, h, replace } from "./dom.js";
import { emit, on } from "./events.js";
import { number, t } from "./i18n.js";
import { chip, title } from "./labels.js";
import { toUnits } from "./offsets.js";
import { current } from "./page.js";
import { markedText } from "./text.js";

const SIGNS = { keep: "", flag: "?", drop: "−" };

let rows = [];
let active = -1;

/** Draw the page anew; rows that say the same as before stay as they are. */
export function drawLines() {
  const page = current();
  const units = toUnits(page.text);
  const old = new Map(rows.map((row) => [row.key, row]));
  const focused = document.activeElement?.closest?.("#lines li") !== null && document.activeElement !== document.body;
  let at = 0;
  rows = page.answer.lines.map((verdict) => {
    const key = JSON.stringify([page.number, verdict, correctionsOf(verdict.line), document.documentElement.lang]);
    const text = page.text.slice(units(verdict.start), units(verdict.end));
    return old.get(key) ?? { key, verdict, text, element: row(verdict, text, units) };
  });
  const shown = [];
  for (const { verdict, element } of rows) {
    if (verdict.line > at && shown.length) shown.push(gap(verdict.line - at));
    shown.push(element);
    at = verdict.line + 1;
  }
  replace($("lines"), shown);
  active = Math.min(Math.max(active, 0), rows.length - 1);
  for (const [n, { element }] of rows.entries()) mark(element, n === active);
  if (focused && active >= 0) rows[active].element.focus({ preventScroll: true });
  emit("active");
}

function row(verdict, text, units) {
  const own = correctionsOf(verdict.line);
  const name = own.label ?? verdict.label;
  const element = h(
    "li",
    {
      role: "option",
      id: `line-${verdict.line}`,
      tabindex: "-1",
      "aria-selected": "false",
      dataset: { label: name, action: verdict.action, line: verdict.line, state: own.state ?? "" },
    },
    h("span", { class: "no", "aria-hidden": "true" }, String(verdict.line + 1)),
    h("span", { class: "act", "aria-hidden": "true" }, SIGNS[verdict.action] ?? ""),
    chip(name),
    h(
      "span",
      { class: "score" },
      own.label
        ? h(
            "span",
            { class: "was", title: t("corrected.was", { label: title(verdict.label) }) },
            own.state === "failed" ? "!" : "✓",
          )
        : number(verdict.score, 2),
    ),
    h("span", { class: "unseen" }, spoken(verdict, own)),
    h(
      "span",
      { class: "txt", dir: "auto" },
      h(verdict.action === "drop" ? "del" : "span", { class: "body" }, markedText(text, marks(verdict, own, units))),
    ),
  );
  return element;
}

function gap(blank) {
  return h("li", {
    class: "gap",
    role: "presentation",
    "aria-hidden": "true",
    vars: { "--blank": Math.min(blank, 3) },
  });
}

function spoken(verdict, own) {
  const parts = [t("line.number", { n: verdict.line + 1 }), t(`action.${verdict.action}`)];
  if (own.label) parts.push(t("corrected.was", { label: title(verdict.label) }));
  for (const span of verdict.spans) parts.push(`${title(span.label)} ${t(`action.${span.action}`)}`);
  return `${parts.join(", ")}: `;
}

/** Marks of a line in its own UTF-16 units: the verdict's spans, and those that were marked by hand. */
function marks(verdict, own, units) {
  const base = units(verdict.start);
  const given =
    verdict.action === "drop"
      ? []
      : verdict.spans.map((span) => ({ ...span, start: units(span.start) - base, end: units(span.end) - base }));
  const added = own.spans.map((span) => ({ ...span, kind: "own", action: "" }));
  const free = given.filter((span) => !added.some((other) => other.start < span.end && span.start < other.end));
  return [...added, ...free].sort((a, b) => a.start - b.start);
}

/** The active line: {verdict, text, body}; body is the element that holds its text. */
export function activeLine() {
  const found = rows[active];
  return found ? { verdict: found.verdict, text: found.text, body: found.element.querySelector(".body") } : null;
}

/** Make the nth row the active one. */
export function activate(n, { focus = true } = {}) {
  if (rows.length === 0) return;
  const wanted = Math.min(Math.max(n, 0), rows.length - 1);
  if (rows[active]) mark(rows[active].element, false);
  active = wanted;
  mark(rows[active].element, true);
  if (focus) rows[active].element.focus({ preventScroll: true });
  if (focus) rows[active].element.scrollIntoView({ block: "nearest" });
  emit("active");
}

/** Move by so many rows. */
export function step(by) {
  activate(active + by);
}

/** Move to the next row (by = 1) or the one before (by = -1) that is cut, flagged or holds a cut. */
export function stepToCut(by) {
  for (let n = active + by; n >= 0 && n < rows.length; n += by) {
    const { action, spans } = rows[n].verdict;
    if (action !== "keep" || spans.length) return activate(n);
  }
}

/** Put the focus on the active row. */
export function focusLines() {
  activate(Math.max(active, 0));
}

function mark(element, is) {
  element.tabIndex = is ? 0 : -1;
  element.setAttribute("aria-selected", String(is));
}

function rowOf(event) {
  const element = event.target.closest?.("#lines li[data-line]");
  return element ? rows.findIndex((row) => row.element === element) : -1;
}

/** Listen to mouse and focus. */
export function startLines() {
  const list = $("lines");
  list.addEventListener("pointerover", (event) => {
    const n = rowOf(event);
    if (n >= 0) emit("hover", rows[n]);
  });
  list.addEventListener("pointerleave", () => emit("hover", null));
  list.addEventListener("click", (event) => {
    const n = rowOf(event);
    if (n >= 0) activate(n, { focus: getSelection().isCollapsed });
  });
  list.addEventListener("focusin", (event) => {
    const n = rowOf(event);
    if (n >= 0 && n !== active) activate(n, { focus: false });
  });
  on("corrected", drawLines);
}
