// The records that were pasted or dropped, and the switcher between them.

import { $, h, replace } from "./dom.js";
import { number, t } from "./i18n.js";

let records = [];
let at = 0;
let open = () => {};

/** run: called with a record when it is switched to. */
export function startRecords(run) {
  open = run;
}

/** Take new records; the first that can be used is opened. */
export function setRecords(found) {
  records = found;
  at = Math.max(
    0,
    records.findIndex((record) => record.text !== undefined),
  );
  return switchTo(at);
}

/** Open the nth record. */
export function switchTo(n) {
  if (n < 0 || n >= records.length) return undefined;
  at = n;
  drawRecords();
  return open(records[at]);
}

/** Open the record so many places on. */
export function switchBy(by) {
  return switchTo(at + by);
}

/** Draw the switcher; one record needs no more than its name. */
export function drawRecords() {
  if (records.length === 0) return;
  const one = records[at];
  const from = one.from === "html" ? h("span", { class: "note" }, t("from.html")) : null;
  if (records.length === 1)
    return void replace($("records"), h("span", { class: "name", title: one.name }, one.name), from);
  const options = records.map((record, n) =>
    h(
      "option",
      { value: n, selected: n === at },
      record.problem ? t("record.bad", { name: record.name }) : `${number(n + 1)}  ${record.name}`,
    ),
  );
  const button = (id, sign, by, key) =>
    h(
      "button",
      {
        type: "button",
        id,
        title: t(key),
        "aria-label": t(key),
        disabled: at + by < 0 || at + by >= records.length,
        on: { click: () => switchBy(by) },
      },
      sign,
    );
  const held = document.activeElement?.id;
  replace(
    $("records"),
    button("record-before", "‹", -1, "record.before"),
    h(
      "select",
      {
        id: "record",
        "aria-label": t("record.choose"),
        on: { change: (event) => switchTo(Number(event.target.value)) },
      },
      options,
    ),
    button("record-after", "›", 1, "record.after"),
    h("span", { class: "note" }, `${number(at + 1)} / ${number(records.length)}`),
    from,
  );
  if (held?.startsWith("record")) document.getElementById(held)?.focus();
}
