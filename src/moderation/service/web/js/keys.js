// The keys, as one table: what the help shows is what the page listens to.

import { $, h, replace } from "./dom.js";
import { t } from "./i18n.js";
import { labels, title } from "./labels.js";

/** [keys as shown, string that explains them], by view. */
const HELP = {
  "help.lines": [
    [["↑", "↓"], "help.move"],
    [["[", "]"], "help.cut"],
    [["Home", "End"], "help.ends"],
    [["S"], "help.span"],
    [["U"], "help.undo"],
    [["Y"], "help.right"],
    [["Esc"], "help.escape"],
  ],
  "help.queue": [
    [["Y"], "help.agree"],
    [["S"], "help.skip"],
    [["U"], "help.undo"],
  ],
  "help.anywhere": [
    [["1", "2", "3"], "help.views"],
    [["Ctrl", "Enter"], "help.check"],
    [["<", ">"], "help.records"],
    [["?"], "help.help"],
  ],
};

/** Show all keys. */
export function showHelp() {
  const parts = Object.entries(HELP).flatMap(([heading, rows]) => [
    h("h3", {}, t(heading)),
    h(
      "dl",
      { class: "keys" },
      rows.map(([keys, key]) => line(keys, t(key))),
    ),
  ]);
  const codes = h(
    "dl",
    { class: "keys codes-list" },
    labels().map(({ code, name }) => line([code], title(name))),
  );
  replace($("help-keys"), h("h3", {}, t("help.codes")), codes, h("p", { class: "note" }, t("help.codes.note")), parts);
  $("help-dialog").showModal();
}

function line(keys, text) {
  return h("div", {}, h("dt", {}, keys.map((key) => [h("kbd", {}, key), " "]).flat()), h("dd", {}, text));
}

/** Whether a key is meant for a field rather than for the page. */
export function typing(event) {
  const field = event.target.closest?.("input, select, textarea, dialog, [contenteditable]");
  return Boolean(field) && !(field.type === "radio" || field.type === "checkbox") ? true : event.isComposing;
}
