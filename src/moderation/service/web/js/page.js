// The page that is being reviewed: its text and the service's answer about it under the rules that are set.

import { Problem, ask } from "./api.js";
import { emit } from "./events.js";
import { policyBody } from "./policy.js";

let page = null;
let running = null;
let count = 0;

/** {number, name, text, from, answer} or null. */
export function current() {
  return page;
}

/** Forget the page. */
export function clearPage() {
  running?.abort();
  page = null;
}

/** Have a record judged and make it the current page. Throws Problem. */
export async function judge(record) {
  const answer = await explained(record.text);
  count += 1;
  page = { number: count, name: record.name, text: record.text, from: record.from, answer };
  emit("page");
}

/**
 * Have the current page judged again, under the rules as they are now; the reasons stay, because rules have no say in
 * them, and a service that keeps verdicts keeps the first one. An answer that was overtaken is dropped.
 */
export async function judgeAgain() {
  if (!page) return;
  const own = page;
  try {
    const answer = await answerFor(own.text, { keep: false });
    const whole =
      answer.model === own.answer.model ? withReasons(answer, own.answer) : await explained(own.text, { keep: false });
    if (page !== own) return;
    page.answer = whole;
    emit("page");
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function withReasons(answer, before) {
  const old = new Map(
    before.lines.map(({ line, why, probabilities }) => [line, { why, probabilities }]),
  );
  return { ...answer, lines: answer.lines.map((line) => ({ ...line, ...old.get(line.line) })) };
}

async function answerFor(text, more = {}) {
  running?.abort();
  running = new AbortController();
  return ask("POST", "v1/clean", { body: { text, ...policyBody(), ...more }, signal: running.signal });
}

async function explained(text, more = {}) {
  try {
    return await answerFor(text, { explain: true, ...more });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 413) throw error;
    // the page may have more lines than the service explains; what is too large altogether is refused again
    return await answerFor(text, more);
  }
}
