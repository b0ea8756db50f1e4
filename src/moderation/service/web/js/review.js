// The review view: from what is pasted or dropped to the judged page, its keys and its buttons.

import { drawClean, startClean } from "./clean.js";
import { correctLine, correctSpan, undo } from "./corrections.js";
import { $, h, replace } from "./dom.js";
import { copy, fileName, save } from "./download.js";
import { on } from "./events.js";
import { EXAMPLE } from "./example.js";
import { number, percent, t } from "./i18n.js";
import { named, title } from "./labels.js";
import { activate, activeLine, drawLines, focusLines, startLines, step, stepToCut } from "./lines.js";
import { length } from "./offsets.js";
import { clearPage, current, judge, judgeAgain } from "./page.js";
import { readFiles, readText } from "./read.js";
import { ready } from "./ready.js";
import { startReason } from "./reason.js";
import { drawRecords, setRecords, startRecords, switchBy } from "./records.js";
import { startRules } from "./rules.js";
import { announce, complain, hush, say } from "./says.js";
import { isMarking, moveMarking, selectedSpan, startMarking, stopMarking } from "./spans.js";

const LARGE = 10_000;

/** Listen to everything in the view. */
export function startReview() {
  startLines();
  startClean();
  startReason(correct);
  startRules(() => judgeAgain().then(tell, complain));
  startRecords(openRecord);
  startPaste();
  startDrop();
  startPane();
  on("page", draw);
  on("language", () => current() && draw());
  $("lines").addEventListener("keydown", lineKeys);
}

function startPaste() {
  $("paste").addEventListener("submit", (event) => {
    event.preventDefault();
    check($("text").value, t("paste.name"));
  });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("paste").requestSubmit();
  });
  $("text").addEventListener("paste", pasteLarge);
  $("open").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", () => {
    take($("files").files);
    $("files").value = "";
  });
  $("example").addEventListener("click", () => check(EXAMPLE, t("example.name")));
  $("paste-cancel").addEventListener("click", () => show(true));
}

/** Browsers insert a long text line by line, which takes seconds; this takes it whole. */
function pasteLarge(event) {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (text.length < LARGE) return;
  event.preventDefault();
  const { target } = event;
  target.setRangeText(text, target.selectionStart, target.selectionEnd, "end");
}

function check(text, name) {
  if (!text.trim()) return say(t("paste.empty"));
  return setRecords(readText(text, name));
}

async function take(files) {
  try {
    await setRecords(await readFiles([...files]));
  } catch (error) {
    complain(error);
  }
}

function startDrop() {
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!files(event)) return;
    event.preventDefault();
    location.hash = "#review";
    take(event.dataTransfer.files);
  });
}

async function openRecord(record) {
  if (record.problem) return say(`${record.name}: ${t(record.problem)}`);
  announce(t("working"));
  await ready;
  hush();
  try {
    await judge(record);
    $("text").value = "";
    $("lines").scrollTop = 0;
    activate(0);
    tell();
  } catch (error) {
    complain(error);
  }
}

/** Tell screen readers what came out. */
function tell() {
  if (current()) announce(t("done", counts()));
}

function counts() {
  const { lines } = current().answer;
  const those = (action) => number(lines.filter((line) => line.action === action).length);
  return { lines: number(lines.length), dropped: those("drop"), flagged: those("flag") };
}

function draw() {
  const { answer, text } = current();
  const all = length(text);
  const cut = answer.removed.reduce((sum, one) => sum + one.end - one.start, 0);
  const share = percent(all ? cut / all : 0);
  replace($("sum"), t("sum", counts()), h("span", { class: "more" }, t("sum.more", { ...counts(), share })));
  show(true);
  drawRecords();
  drawLines();
  drawClean();
}

/** Show the judged page, or the form to paste another. */
function show(judged) {
  $("page").hidden = !judged;
  $("paste").hidden = judged;
  $("paste-cancel").hidden = !current();
  $("view").classList.toggle("filled", judged && !$("view-review").hidden);
  if (!judged) $("text").focus();
}

/** The view was switched to. */
export function enterReview() {
  show(Boolean(current()));
  if (current()) focusLines();
}

/** The view was left. */
export function leaveReview() {
  $("view").classList.remove("filled");
}

function startPane() {
  $("new").addEventListener("click", () => {
    clearPage();
    show(false);
  });
  $("copy").addEventListener("click", () =>
    copy(current().answer.clean).then(
      () => flash($("copy"), t("copied")),
      () => say(t("copy.failed")),
    ),
  );
  $("save-text").addEventListener("click", () =>
    save(fileName(current().name, ".clean.txt"), current().answer.clean, "text/plain;charset=utf-8"),
  );
  $("save-verdicts").addEventListener("click", () =>
    save(fileName(current().name, ".verdicts.json"), JSON.stringify(current().answer, null, 1), "application/json"),
  );
  for (const button of document.querySelectorAll("[data-pane][type=button]")) {
    button.addEventListener("click", () => {
      $("panes").dataset.pane = button.dataset.pane;
      for (const other of document.querySelectorAll("[data-pane][type=button]"))
        other.setAttribute("aria-pressed", String(other === button));
    });
  }
}

function flash(button, text) {
  announce(text);
  const old = button.textContent;
  button.textContent = `✓ ${old.replace(/^✓ /, "")}`;
  setTimeout(() => (button.textContent = t(button.dataset.t)), 1500);
}

/** Correct the selected characters, or the active line. */
async function correct(label) {
  const line = activeLine();
  if (!line) return;
  const span = selectedSpan();
  const n = number(line.verdict.line + 1);
  try {
    if (span) {
      stopMarking();
      await correctSpan(line.verdict, span, label);
      announce(t("corrected.span", { n, text: span.text, label: title(label) }));
    } else {
      await correctLine(line.verdict, label);
      announce(t("corrected.line", { n, label: title(label) }));
    }
  } catch (error) {
    complain(error, t("corrected.failed"));
  }
}

async function takeBack() {
  try {
    announce(t((await undo()) ? "corrected.undone" : "corrected.nothing"));
  } catch (error) {
    complain(error);
  }
}

const MOVES = {
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  PageDown: () => step(15),
  PageUp: () => step(-15),
  Home: () => activate(0),
  End: () => activate(Infinity),
  "]": () => stepToCut(1),
  "[": () => stepToCut(-1),
  Escape: stopMarking,
};
const ARROWS = { ArrowRight: 1, ArrowLeft: -1 };

function lineKeys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const label = event.key.length === 1 ? named(event.key) : undefined;
  if (isMarking() && key in ARROWS) announce(moveMarking(ARROWS[key], event.shiftKey));
  else if (key in MOVES) MOVES[key]();
  else if (label) correct(label);
  else if (key === "Y") correct(activeLine()?.verdict.label).then(() => step(1));
  else if (key === "U") takeBack();
  else if (key === "S") {
    startMarking();
    announce(t("span.start"));
  } else return;
  event.preventDefault();
}

/** Keys that hold anywhere in the view. */
export function reviewKeys(event) {
  if (event.key === "<" || event.key === ">") switchBy(event.key === ">" ? 1 : -1);
  else return false;
  return true;
}
