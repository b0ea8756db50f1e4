// The label table, as the service gives it: code, name, family and default action of each label.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

let table = [];

/** Read the table once. */
export async function loadLabels() {
  if (table.length) return;
  const answer = await ask("GET", "v1/labels");
  table = answer.labels;
}

/** All rows: [{code, name, family}]. */
export function labels() {
  return table;
}

/** The row with this name. */
export function label(name) {
  return table.find((row) => row.name === name) ?? { code: "?", name, family: "" };
}

/** The name of the label with this code letter, whatever its case; undefined where there is none. */
export function named(code) {
  return table.find((row) => row.code === code.toUpperCase())?.name;
}

/** The label in the interface's language. */
export function title(name) {
  return t(`label.${name}`);
}

/** Code letter and name, in the label's colour. */
export function chip(name, { short = false } = {}) {
  const row = label(name);
  return h(
    "span",
    { class: "chip", dataset: { label: name } },
    h("b", {}, row.code),
    short ? null : h("span", {}, title(name)),
  );
}
