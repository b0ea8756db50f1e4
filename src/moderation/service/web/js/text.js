// A piece of a page as nodes: text, what can't be seen made visible, spans marked. Offsets within it stay the text's own.

import { h } from "./dom.js";
import { codeName, pieces } from "./harmless.js";
import { label } from "./labels.js";

/** Nodes for plain text. named: what can't be seen stands there by its code; offsets do not hold then. */
export function shownText(text, { named = false } = {}) {
  return [...pieces(text)].map(([piece, code]) =>
    code === null
      ? document.createTextNode(piece)
      : h("i", { class: "unseen-char", title: codeName(code) }, named ? codeName(code) : piece),
  );
}

/**
 * Nodes for a line with marks in it: [{start, end, label, action, kind}], UTF-16 offsets in the line, ascending. A mark
 * that begins inside the one before it is left out.
 */
export function markedText(text, marks) {
  const nodes = [];
  let done = 0;
  for (const mark of marks) {
    if (mark.start < done || mark.end <= mark.start) continue;
    nodes.push(...shownText(text.slice(done, mark.start)));
    nodes.push(marker(mark, shownText(text.slice(mark.start, mark.end))));
    done = mark.end;
  }
  nodes.push(...shownText(text.slice(done)));
  return nodes;
}

function marker(mark, children) {
  const dataset = {
    label: mark.label,
    action: mark.action ?? "",
    kind: mark.kind ?? "span",
    code: label(mark.label).code,
  };
  return h(mark.action === "drop" ? "del" : "mark", { dataset, title: mark.title }, children);
}

/** UTF-16 offsets [start, end) of the browser's selection within an element, or null where it lies elsewhere. */
export function selectedIn(element) {
  const selection = getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  const start = offset(element, range.startContainer, range.startOffset);
  const end = offset(element, range.endContainer, range.endOffset);
  return end > start ? { start, end } : null;
}

function offset(element, node, at) {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(node, at);
  return range.toString().length;
}

/** Select UTF-16 units [start, end) of an element's text. */
export function select(element, start, end) {
  const [from, to] = [place(element, start), place(element, end)];
  getSelection().setBaseAndExtent(from.node, from.at, to.node, to.at);
}

function place(element, units) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = units;
  let node = walker.nextNode();
  while (node && left > node.length) {
    left -= node.length;
    const next = walker.nextNode();
    if (!next) return { node, at: node.length };
    node = next;
  }
  return node ? { node, at: left } : { node: element, at: 0 };
}
