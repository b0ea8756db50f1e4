// The one place that speaks with the service. Errors arrive as Problem, made of its problem details (RFC 9457).

import { emit } from "./events.js";

const STORED = "moderation.key";
const ROOT = new URL("../", import.meta.url);

/** A refusal or a failure: status (0 where no answer came), title, detail, errors, retryAfter in seconds. */
export class Problem extends Error {
  constructor(status, fields = {}) {
    super(fields.detail ?? fields.title ?? `HTTP ${status}`);
    this.status = status;
    this.fields = fields;
  }
}

/** The key for this tab, or "". */
export function key() {
  return sessionStorage.getItem(STORED) ?? "";
}

/** Keep a key for this tab only; "" forgets it. */
export function setKey(value) {
  if (value) sessionStorage.setItem(STORED, value);
  else sessionStorage.removeItem(STORED);
  emit("key");
}

/** Ask the service; returns the JSON of the answer. Throws Problem; an aborted call throws the browser's AbortError. */
export async function ask(method, path, { body, signal } = {}) {
  const answer = await sent(method, path, body, signal);
  const text = await answer.text();
  const value = parsed(text);
  if (answer.ok) return value;
  const fields = value && typeof value === "object" ? value : { detail: text.slice(0, 300) };
  throw new Problem(answer.status, { ...fields, retryAfter: Number(answer.headers.get("Retry-After")) || undefined });
}

async function sent(method, path, body, signal) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key()) headers.Authorization = `Bearer ${key()}`;
  const options = {
    method,
    headers,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
  };
  try {
    return await fetch(new URL(path, ROOT), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
