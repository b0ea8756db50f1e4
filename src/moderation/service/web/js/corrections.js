// Corrections of the page on screen: shown at once, sent to POST /v1/feedback, taken back with DELETE /v1/feedback/ID.
//
// Sent: {verdict, text, line, label} for a line, and {start, end} with it for characters (code points of the original).
// The text goes along because the service may not keep verdicts. Answered: {id}.

import { ask } from "./api.js";
import { emit } from "./events.js";
import { current } from "./page.js";

let done = [];
let owner = 0;

/** What was corrected in a line: {label, state, spans: [{start, end, label}]}; spans in UTF-16 units of the line. */
export function correctionsOf(line) {
  const own = ofPage().filter((one) => one.line === line);
  const last = own.findLast((one) => one.kind === "line");
  return {
    label: last?.label,
    state: (last ?? own.at(-1))?.state,
    spans: own.filter((one) => one.kind === "span").map(({ from, to, label }) => ({ start: from, end: to, label })),
  };
}

/** How many corrections of this page stand. */
export function countCorrections() {
  return ofPage().length;
}

/** The right label of a line. */
export function correctLine(verdict, label) {
  return add({ kind: "line", line: verdict.line, label }, { line: verdict.line, label });
}

/** The right label of characters: from and to are UTF-16 units of the line, start and end code points of the text. */
export function correctSpan(verdict, { from, to, start, end }, label) {
  return add({ kind: "span", line: verdict.line, from, to, label }, { line: verdict.line, start, end, label });
}

async function add(one, body) {
  const page = current();
  ofPage().push(one);
  one.state = "sending";
  one.sent = ask("POST", "v1/feedback", { body: { verdict: page.answer.id, text: page.text, ...body } });
  emit("corrected");
  try {
    one.id = (await one.sent).id;
    one.state = "stored";
  } catch (error) {
    done = done.filter((other) => other !== one);
    throw error;
  } finally {
    emit("corrected");
  }
}

/** Take the last correction back, one on its way as soon as it has arrived; false where there is none. */
export async function undo() {
  const one = ofPage().pop();
  if (!one) return false;
  emit("corrected");
  const { id } = await one.sent;
  try {
    await ask("DELETE", `v1/feedback/${encodeURIComponent(id)}`);
  } catch (error) {
    ofPage().push(one);
    emit("corrected");
    throw error;
  }
  return true;
}

/** The corrections of the page on screen; another page begins with none. */
function ofPage() {
  const number = current()?.number ?? 0;
  if (number !== owner) {
    owner = number;
    done = [];
  }
  return done;
}
