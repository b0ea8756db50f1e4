// The model that serves: its name in the header, read again after a swap.

import { ask } from "./api.js";
import { $ } from "./dom.js";
import { t } from "./i18n.js";

let model = null;

/** Read what serves. */
export async function loadModel() {
  model = await ask("GET", "v1/model");
  $("model").textContent = model.model;
  $("model").title = t("model.title");
}

/** The answer of GET /v1/model, or null before it was read. */
export function serving() {
  return model;
}
