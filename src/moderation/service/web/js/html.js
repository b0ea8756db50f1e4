// A page of HTML as the lines that a reader would see. Nothing of it is run, loaded or inserted: it is parsed into a
// document without a window, and only its text is read.

import { withoutAttributes } from "./bare.js";

const SKIPPED = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "iframe",
  "object",
  "svg",
  "math",
  "head",
  "select",
  "noframes",
  "noembed",
]);
const INLINE = new Set([
  "a",
  "abbr",
  "acronym",
  "b",
  "bdi",
  "bdo",
  "big",
  "cite",
  "code",
  "data",
  "dfn",
  "em",
  "font",
  "i",
  "ins",
  "kbd",
  "label",
  "mark",
  "q",
  "rb",
  "rp",
  "rt",
  "ruby",
  "s",
  "samp",
  "small",
  "span",
  "strike",
  "strong",
  "sub",
  "sup",
  "time",
  "tt",
  "u",
  "var",
  "wbr",
]);
const CELL = new Set(["td", "th"]);

/** Whether a text looks like an HTML page rather than like text that speaks of one. */
export function looksLikeHtml(text) {
  return /^\ufeff?\s*(<!doctype html|<html[\s>]|<\?xml[^>]*>\s*<!doctype html|<head[\s>]|<body[\s>])/i.test(
    text.slice(0, 1000),
  );
}

/** The lines of a page of HTML, title first. */
export function linesOfHtml(html) {
  const page = new DOMParser().parseFromString(withoutAttributes(html), "text/html");
  const lines = [""];
  const title = page.querySelector("title")?.textContent ?? "";
  if (page.body) walk(page.body, lines, false);
  const found = [title, ...lines].map((line) => line.replace(/[ \t\r\n\f]+/g, " ").trim());
  return found
    .filter(Boolean)
    .map((line) => `${line}\n`)
    .join("");
}

function walk(node, lines, verbatim) {
  for (const child of node.childNodes) {
    if (child.nodeType === 3) text(child.data, lines, verbatim);
    else if (child.nodeType === 1) element(child, lines, verbatim);
  }
}

function text(data, lines, verbatim) {
  const [first, ...rest] = verbatim ? data.split("\n") : [data.replace(/[\n\r]+/g, " ")];
  lines[lines.length - 1] += first;
  lines.push(...rest);
}

function element(child, lines, verbatim) {
  const name = child.localName;
  if (SKIPPED.has(name)) return;
  if (name === "br") return void lines.push("");
  if (INLINE.has(name)) return walk(child, lines, verbatim);
  if (CELL.has(name)) lines[lines.length - 1] += " ";
  else if (lines.at(-1)) lines.push("");
  walk(child, lines, verbatim || name === "pre" || name === "textarea");
  if (!CELL.has(name) && lines.at(-1)) lines.push("");
}
