// What the page says: faults in a bar at the top, small news to screen readers and in the same bar for a moment.

import { Problem } from "./api.js";
import { $ } from "./dom.js";
import { emit } from "./events.js";
import { shown, t } from "./i18n.js";

/** Tell a screen reader, without a change on screen. */
export function announce(text) {
  $("announce").textContent = "";
  requestAnimationFrame(() => ($("announce").textContent = text));
}

/** Show a sentence in the bar. */
export function say(text) {
  $("says-text").textContent = text;
  $("says").hidden = false;
}

/** Empty the bar. */
export function hush() {
  $("says").hidden = true;
}

/** Show a fault in plain words, behind `first`; one that a key would mend asks for the key. */
export function complain(error, first = "") {
  if (error?.name === "AbortError") return;
  if (!(error instanceof Problem)) {
    say(`${t("problem.other")} ${error?.message ?? error}`);
    throw error;
  }
  say(`${first} ${inWords(error)}`.trim());
  if (error.status === 401) emit("key-needed");
}

/** A problem as sentences: what happened, what the service says about it, and when to come back. */
export function inWords(problem) {
  const { type = "", detail, advice, errors, retryAfter } = problem.fields;
  const kind = problem.status === 0 ? "0" : type.split(":").at(-1);
  const known = `problem.${kind}`;
  const first = t(known) === known ? t("problem.other") : t(known);
  const places = (errors ?? [])
    .slice(0, 3)
    .map((one) => `${one.pointer.replace(/^#\/?/, "")}: ${one.detail}`)
    .join("; ");
  const parts = [first, places || detail];
  if (retryAfter) parts.push(t("problem.wait", { seconds: retryAfter }));
  else if (shown() === "en" && !places) parts.push(advice?.replaceAll("`", ""));
  return parts.filter(Boolean).join(" ");
}

/** Listen to the bar's own button. */
export function startSays() {
  $("says-close").addEventListener("click", hush);
}
