// Marking characters of the active line, with the mouse or with S and the arrow keys.

import { activeLine } from "./lines.js";
import { toPoints } from "./offsets.js";
import { select, selectedIn } from "./text.js";

let marking = null;

/** Whether S was pressed and marking has not ended. */
export function isMarking() {
  return marking !== null && activeLine()?.verdict.line === marking.line;
}

/** Begin marking in the active line: at its first span, or at its first character. */
export function startMarking() {
  const line = activeLine();
  if (!line) return;
  const first = selectedIn(line.body) ?? firstSpan(line.body) ?? { start: 0, end: width(line.text, 0) };
  marking = { line: line.verdict.line, ...first };
  show();
}

/** End marking; what was selected is let go. */
export function stopMarking() {
  marking = null;
  getSelection().removeAllRanges();
}

/** Move the selection by one character, or its end where `widen`. Returns the text that is selected. */
export function moveMarking(by, widen) {
  const { text } = activeLine();
  const end = by > 0 ? marking.end + width(text, marking.end) : marking.end - widthBefore(text, marking.end);
  if (widen) marking.end = Math.max(end, marking.start + width(text, marking.start));
  else if (by > 0 && marking.end < text.length)
    marking = { ...marking, start: marking.start + width(text, marking.start), end };
  else if (by < 0 && marking.start > 0)
    marking = { ...marking, start: marking.start - widthBefore(text, marking.start), end };
  marking.end = Math.min(marking.end, text.length);
  show();
  return text.slice(marking.start, marking.end);
}

/** What is selected in the active line: {from, to, start, end, text}, see correctSpan; null where nothing is. */
export function selectedSpan() {
  const line = activeLine();
  const own = line ? selectedIn(line.body) : null;
  if (!own) return null;
  const start = line.verdict.start + toPoints(line.text, own.start);
  const end = line.verdict.start + toPoints(line.text, own.end);
  return { from: own.start, to: own.end, start, end, text: line.text.slice(own.start, own.end) };
}

function show() {
  select(activeLine().body, marking.start, marking.end);
}

function firstSpan(body) {
  const mark = body.querySelector("[data-kind]");
  if (!mark) return null;
  const range = document.createRange();
  range.selectNodeContents(body);
  range.setEndBefore(mark);
  const start = range.toString().length;
  return { start, end: start + mark.textContent.length };
}

/** UTF-16 units of the character at a place, and of the one before it. */
function width(text, at) {
  return at >= text.length ? 0 : text.codePointAt(at) > 0xffff ? 2 : 1;
}

function widthBefore(text, at) {
  return at >= 2 && text.codePointAt(at - 2) > 0xffff ? 2 : at > 0 ? 1 : 0;
}
