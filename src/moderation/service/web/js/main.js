// Starts the page: language, theme, key, the three views and the keys that hold everywhere.

import { key, setKey } from "./api.js";
import { enterDashboard } from "./dashboard.js";
import { $ } from "./dom.js";
import { on } from "./events.js";
import { preferred, shown, speak, t } from "./i18n.js";
import { showHelp, typing } from "./keys.js";
import { loadLabels } from "./labels.js";
import { loadModel } from "./model.js";
import { loadPolicies } from "./policy.js";
import { enterQueue, queueKeys } from "./queue.js";
import { setReady } from "./ready.js";
import { drawCodes } from "./reason.js";
import { enterReview, leaveReview, reviewKeys, startReview } from "./review.js";
import { drawRules } from "./rules.js";
import { complain, hush, say, startSays } from "./says.js";

const VIEWS = ["review", "queue", "dashboard"];
const ENTER = { review: enterReview, queue: enterQueue, dashboard: enterDashboard };
let loaded = false;

function view() {
  const wanted = location.hash.slice(1);
  return VIEWS.includes(wanted) ? wanted : "review";
}

function route() {
  for (const name of VIEWS) $(`view-${name}`).hidden = name !== view();
  for (const link of document.querySelectorAll(".bar nav a")) {
    if (link.hash.slice(1) === view()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(`view.${view()}`)} · moderation`;
  if (view() !== "review") leaveReview();
  if (loaded) ENTER[view()]();
}

async function load() {
  try {
    await Promise.all([loadLabels(), loadPolicies(), loadModel()]);
  } catch (error) {
    return complain(error);
  }
  hush();
  drawRules();
  drawCodes();
  loaded = true;
  setReady();
  route();
}

function startLanguage() {
  const draw = () => {
    $("language").textContent = t("language.other");
    $("language").title = t("language.title");
    $("language").lang = shown() === "zh" ? "en" : "zh-Hans";
    drawTheme();
    document.title = `${t(`view.${view()}`)} · moderation`;
  };
  on("language", draw);
  $("language").addEventListener("click", () => speak(shown() === "zh" ? "en" : "zh"));
  speak(preferred());
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function drawTheme() {
  $("theme").textContent = t(isDark() ? "theme.light" : "theme.dark");
  $("theme").title = t("theme.title");
}

function startTheme() {
  $("theme").addEventListener("click", () => {
    const wanted = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = wanted;
    try {
      localStorage.setItem("moderation.theme", wanted);
    } catch {
      // storage is switched off: the choice holds until the page is left
    }
    drawTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTheme);
}

function startKey() {
  const dialog = $("key-dialog");
  const show = () => {
    $("key-input").value = key();
    if (!dialog.open) dialog.showModal();
  };
  const use = (value) => {
    dialog.close();
    setKey(value.trim());
    load();
  };
  $("key").addEventListener("click", show);
  $("key-cancel").addEventListener("click", () => dialog.close());
  $("key-forget").addEventListener("click", () => use(""));
  $("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    use($("key-input").value);
  });
  on("key-needed", () => {
    if (!key()) say(t("key.needed"));
    show();
  });
}

function startKeys() {
  $("help").addEventListener("click", showHelp);
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (event.key === "?") showHelp();
    else if (VIEWS[Number(event.key) - 1]) location.hash = `#${VIEWS[Number(event.key) - 1]}`;
    else if (view() === "queue" ? !queueKeys(event) : view() === "review" ? !reviewKeys(event) : true) return;
    event.preventDefault();
  });
}

startTheme();
startLanguage();
startSays();
startKey();
startKeys();
startReview();
addEventListener("hashchange", route);
route();
load();
