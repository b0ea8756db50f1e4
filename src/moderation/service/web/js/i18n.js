// The language of the interface. Elements name their strings with data-t (text), data-t-label, data-t-title and
// data-t-hint (placeholder); what is made later asks t().

import { emit } from "./events.js";
import { STRINGS } from "./strings.js";

const ATTRIBUTES = { "data-t-label": "aria-label", "data-t-title": "title", "data-t-hint": "placeholder" };
const STORED = "moderation.language";

const formats = new Map();
let language = "en";

/** The string of this key, with {name} replaced by vars.name. */
export function t(key, vars = {}) {
  const text = STRINGS[language][key] ?? STRINGS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in vars ? String(vars[name]) : whole));
}

/** The language that is shown: en or zh. */
export function shown() {
  return language;
}

/** A number as the language writes it. */
export function number(value, digits = 0) {
  return format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A share of one as per cent. */
export function percent(share, digits = 1) {
  return format({ style: "percent", maximumFractionDigits: digits }).format(share);
}

/** A formatter; making one takes longer than using it a hundred times. */
function format(options) {
  const key = `${language} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language, options));
  return formats.get(key);
}

/** A moment as the language writes it; `value` is ISO 8601. */
export function moment(value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return String(value ?? "");
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Put the strings into an element and all below it. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const [from, to] of Object.entries(ATTRIBUTES)) {
    for (const element of root.querySelectorAll(`[${from}]`)) element.setAttribute(to, t(element.getAttribute(from)));
  }
}

/** Show the interface in this language, and remember it. */
export function speak(wanted) {
  language = wanted === "zh" ? "zh" : "en";
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  remember(language);
  translate(document);
  emit("language");
}

/** The language that was chosen last; else the browser's. */
export function preferred() {
  try {
    const stored = localStorage.getItem(STORED);
    if (stored) return stored;
  } catch {
    // storage is switched off
  }
  return (navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
}

function remember(value) {
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // storage is switched off: asked again next time
  }
}
