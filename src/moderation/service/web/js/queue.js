// The lines whose label would teach the model most, one at a time, for the keyboard: a letter, and the next one is there.

import { ask } from "./api.js";
import { $, h, replace } from "./dom.js";
import { on } from "./events.js";
import { number, t } from "./i18n.js";
import { chip, labels, named, title } from "./labels.js";
import { toPoints } from "./offsets.js";
import { announce, complain, hush } from "./says.js";
import { selectedIn, shownText } from "./text.js";

const FETCH = 50;

let waiting = [];
let at = 0;
let done = [];
let began = 0;
let open = false;

on("language", () => open && draw());
on("model", () => (open = false));

/** The view was switched to: fetch once, then go on where one was. */
export function enterQueue() {
  if (!open) fetchQueue();
}

async function fetchQueue() {
  try {
    const answer = await ask("GET", `v1/queue?limit=${FETCH}`);
    waiting = answer.lines;
    [at, done, began, open] = [0, [], 0, true];
    hush();
  } catch (error) {
    waiting = [];
    complain(error);
  }
  draw();
}

function draw() {
  const line = waiting[at];
  replace($("queue"), head(), line ? card(line) : empty());
  if (!line) return;
  const other = line.candidate ? `, ${t("queue.candidate")} ${title(line.candidate.label)}` : "";
  announce(`${line.text}. ${t("queue.says")} ${title(line.label)}${other}`);
}

function head() {
  const left = waiting.length - at;
  const minutes = began ? (Date.now() - began) / 60000 : 0;
  const rate = minutes > 0.2 ? t("queue.rate", { rate: number(done.length / minutes) }) : "";
  const says = done.length
    ? t("queue.progress", { done: number(done.length), left: number(left) }) + rate
    : t("queue.start", { left: number(left) });
  return h(
    "header",
    { class: "queue-head" },
    h("p", { class: "note" }, t("queue.intro")),
    h("p", { class: "figure", id: "queue-progress" }, says),
    h("progress", { max: Math.max(waiting.length, 1), value: at, "aria-label": says }),
  );
}

function empty() {
  const says = waiting.length ? t("queue.done") : t("queue.none");
  return h(
    "div",
    { class: "queue-none" },
    h("p", {}, says),
    h("button", { type: "button", class: "main", on: { click: fetchQueue } }, t("queue.more")),
    done.length ? tool("queue-undo", "U", t("queue.undo"), back) : null,
  );
}

function card(line) {
  return h(
    "article",
    { class: "card", "aria-labelledby": "queue-line" },
    h(
      "p",
      { class: "note where" },
      h("span", {}, t("queue.context", { n: number(line.line + 1) })),
      line.document ? h("span", {}, line.document) : null,
      line.seen > 1 ? h("span", {}, t("queue.seen", { n: number(line.seen) })) : null,
    ),
    context(line.before),
    h(
      "p",
      { class: "asked", id: "queue-line", tabindex: "0", lang: "zh", dir: "auto" },
      h("span", { class: "body" }, shownText(line.text)),
    ),
    context(line.after),
    h("dl", { class: "opinions" }, opinions(line)),
    h(
      "div",
      { class: "codes", role: "group", "aria-label": t("correct.group") },
      labels().map((row) => code(row, line)),
    ),
    h(
      "div",
      { class: "row queue-tools" },
      tool("queue-agree", "Y", t("queue.agree"), agree),
      tool("queue-skip", "S", t("queue.skip"), skip),
      tool("queue-undo", "U", t("queue.undo"), back, done.length === 0),
    ),
  );
}

function context(lines) {
  return h(
    "ol",
    { class: "context", lang: "zh" },
    lines.map((one) =>
      h(
        "li",
        { dataset: { label: one.label ?? "content", action: one.action ?? "keep" } },
        one.label ? chip(one.label, { short: true }) : null,
        h(one.action === "drop" ? "del" : "span", { class: "body", dir: "auto" }, shownText(one.text)),
      ),
    ),
  );
}

function opinions(line) {
  const action = h("span", { class: "act-word", dataset: { action: line.action } }, t(`action.${line.action}`));
  const rows = [[t("queue.says"), [chip(line.label), figure(line.score), action]]];
  if (line.alone.label !== line.label)
    rows.push([t("queue.alone"), [chip(line.alone.label), figure(line.alone.score)]]);
  if (line.candidate) rows.push([t("queue.candidate"), [chip(line.candidate.label), figure(line.candidate.score)]]);
  rows.push([t("queue.why"), line.reasons.map((reason) => t(`queue.reason.${reason}`)).join(" · ")]);
  return rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

function figure(score) {
  return h("span", { class: "figure" }, number(score, 2));
}

function code({ name, code: letter }, line) {
  const says = name === line.label ? { "data-says": "" } : {};
  return h(
    "button",
    {
      type: "button",
      class: "code",
      dataset: { label: name },
      "aria-label": t("correct.to", { label: title(name) }),
      ...says,
      on: { pointerdown: (event) => event.preventDefault(), click: () => give(name) },
    },
    h("b", {}, letter),
    h("span", {}, title(name)),
  );
}

function tool(id, key, text, run, disabled = false) {
  return h(
    "button",
    { type: "button", id, disabled, on: { click: run } },
    text,
    " ",
    h("kbd", { "aria-hidden": "true" }, key),
  );
}

/** Label the line, or the characters selected in it. The next line is there at once; a label that was refused brings
 *  its line back. */
async function give(label) {
  const line = waiting[at];
  if (!line) return;
  const span = selected(line);
  const one = {
    at,
    sent: ask("POST", "v1/feedback", { body: { verdict: line.verdict, line: line.line, label, ...span } }),
  };
  began ||= Date.now();
  done.push(one);
  if (!span) at += 1;
  draw();
  try {
    await one.sent;
  } catch (error) {
    done = done.filter((other) => other !== one);
    at = Math.min(at, one.at);
    draw();
    complain(error, t("corrected.failed"));
  }
}

/** {start, end} in code points of the page, where characters of the line are selected. */
function selected(line) {
  const body = document.querySelector("#queue-line .body");
  const own = body ? selectedIn(body) : null;
  if (!own) return null;
  getSelection().removeAllRanges();
  return { start: line.start + toPoints(line.text, own.start), end: line.start + toPoints(line.text, own.end) };
}

function agree() {
  const line = waiting[at];
  if (line) give(line.label);
}

function skip() {
  if (at >= waiting.length) return;
  at += 1;
  draw();
}

async function back() {
  const last = done.pop();
  if (!last) return announce(t("corrected.nothing"));
  at = last.at;
  draw();
  try {
    const { id } = await last.sent;
    await ask("DELETE", `v1/feedback/${encodeURIComponent(id)}`);
    announce(t("corrected.undone"));
  } catch (error) {
    complain(error);
  }
}

/** Keys that hold in the view; false for one that means nothing here. */
export function queueKeys(event) {
  if (event.repeat || event.key.length !== 1) return false;
  const key = event.key.toUpperCase();
  const label = named(event.key);
  if (label) give(label);
  else if (key === "Y") agree();
  else if (key === "S") skip();
  else if (key === "U") back();
  else return false;
  return true;
}
