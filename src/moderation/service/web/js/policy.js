// The rules that are set on the page. They are sent with every text; what they do is decided by the service alone.

import { ask } from "./api.js";

let policies = [];
let base = "default";
let changes = fresh();

function fresh() {
  return { rules: {}, span_threshold: null, repair: null };
}

/** Read the service's policies; the one that it uses by default is set first. */
export async function loadPolicies() {
  const answer = await ask("GET", "v1/policies");
  policies = answer.policies;
  if (!policies.some((policy) => policy.name === base) || !isChanged()) {
    base = (policies.find((policy) => policy.default) ?? policies[0]).name;
  }
}

/** Names and descriptions of the policies. */
export function known() {
  return policies;
}

/** The name of the policy that the changes are on top of. */
export function baseName() {
  return base;
}

/** Whether anything differs from the policy as the service has it. */
export function isChanged() {
  return Object.keys(changes.rules).length > 0 || changes.span_threshold !== null || changes.repair !== null;
}

/** Set a policy as it is. */
export function choose(name) {
  base = name;
  changes = fresh();
}

/** The rule for a label as it is set now: {action, threshold}. */
export function rule(label) {
  return { ...chosen().rules[label], ...changes.rules[label] };
}

/** The threshold for spans as it is set now. */
export function spanThreshold() {
  return changes.span_threshold ?? chosen().span_threshold;
}

/** Whether damage is mended, as it is set now. */
export function repairs() {
  return changes.repair ?? chosen().repair;
}

/** Change action or threshold of a label. */
export function setRule(label, change) {
  changes.rules[label] = { ...rule(label), ...change };
}

/** Change the threshold for spans. */
export function setSpanThreshold(value) {
  changes.span_threshold = value;
}

/** Change whether damage is mended. */
export function setRepairs(value) {
  changes.repair = value;
}

/** What goes into a request. */
export function policyBody() {
  if (!isChanged()) return { policy: base };
  const policy = { base, name: `${base}, changed`.slice(0, 64), rules: changes.rules };
  if (changes.span_threshold !== null) policy.span_threshold = changes.span_threshold;
  if (changes.repair !== null) policy.repair = changes.repair;
  return { policy };
}

function chosen() {
  return policies.find((policy) => policy.name === base);
}
