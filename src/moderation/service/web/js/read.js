// What was pasted or dropped, as records of text. A record that can't be used stays in the list with its reason.

import { linesOfHtml, looksLikeHtml } from "./html.js";

/** Larger files are for the command line: the page holds its record in memory and on screen. */
export const LARGEST = 64 * 1024 * 1024;

/** Records of a text that was pasted: [{name, text} or {name, problem}]; problem is a key of the strings. */
export function readText(text, name) {
  if (looksLikeJsonl(text)) return readJsonl(text, name);
  if (looksLikeHtml(text)) return [{ name, text: linesOfHtml(text), from: "html" }];
  return [{ name, text }];
}

/** Records of the files that were dropped or chosen, in order. */
export async function readFiles(files) {
  const records = [];
  for (const file of files) records.push(...(await readFile(file)));
  return records;
}

async function readFile(file) {
  if (file.size > LARGEST) return [{ name: file.name, problem: "read.large" }];
  const bytes = await file.arrayBuffer();
  const html = /\.x?html?$/i.test(file.name);
  const text = decoded(bytes, html);
  if (text === null) return [{ name: file.name, problem: "read.encoding" }];
  if (/\.(jsonl|ndjson)$/i.test(file.name)) return readJsonl(text, file.name);
  if (html) return [{ name: file.name, text: linesOfHtml(text), from: "html" }];
  return readText(text, file.name);
}

/** UTF-8, or what a page of HTML itself names; null where the bytes are neither. */
function decoded(bytes, html) {
  const named = html ? /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(latin(bytes))?.[1] : undefined;
  for (const encoding of ["utf-8", named, html ? "gb18030" : undefined]) {
    try {
      if (encoding) return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // not in this encoding: the next one
    }
  }
  return null;
}

function latin(bytes) {
  return new TextDecoder("latin1").decode(bytes.slice(0, 2048));
}

function looksLikeJsonl(text) {
  const first = text.trimStart().split("\n", 1)[0].trim();
  return first.startsWith("{") && first.endsWith("}") && parsed(first) !== null;
}

function parsed(line) {
  try {
    const value = JSON.parse(line);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function readJsonl(text, name) {
  const records = [];
  for (const [n, line] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    if (line.trim()) records.push(record(line, `${name}:${n + 1}`));
  }
  return records.length ? records : [{ name, problem: "read.empty" }];
}

function record(line, place) {
  const value = parsed(line);
  if (value === null) return { name: place, problem: "read.object" };
  const text = value.text ?? value.content;
  const own = typeof value.id === "string" || typeof value.id === "number" ? String(value.id) : (value.url ?? place);
  if (typeof text !== "string") return { name: String(own), problem: "read.field" };
  return { name: String(own), text };
}
