// The dashboard: what was judged, what is removed most, the models, and the candidate against the one that serves.

import { Problem, ask } from "./api.js";
import { bars, daysUpTo } from "./charts.js";
import { $, h, replace } from "./dom.js";
import { emit, on } from "./events.js";
import { moment, number, percent, t } from "./i18n.js";
import { chip, labels, title } from "./labels.js";
import { modelsPart } from "./models.js";
import { inWords } from "./says.js";
import { shownText } from "./text.js";

const DAYS = 30;

let open = false;

on("language", () => open && enterDashboard());
on("model", () => open && enterDashboard());

/** The view was switched to: everything is read anew. */
export async function enterDashboard() {
  open = true;
  const [volumes, removed, models] = [part("dash.volumes"), part("dash.removed"), part("dash.models")];
  const refresh = h(
    "button",
    { type: "button", class: "plain", id: "refresh", on: { click: enterDashboard } },
    t("dash.refresh"),
  );
  replace(
    $("dashboard"),
    h("div", { class: "dash-head" }, h("p", { id: "dash-sum", class: "note" }), refresh),
    models,
    volumes,
    removed,
  );
  await Promise.all([fillStats(volumes, removed), fill(models, () => modelsPart())]);
}

function part(key) {
  return h(
    "section",
    { class: "part" },
    h("h2", {}, t(key)),
    h("div", { class: "part-body" }, h("p", { class: "note" }, "…")),
  );
}

/** Put into a part what `make` gives, or in plain words why there is nothing. */
async function fill(section, make) {
  const body = section.querySelector(".part-body");
  try {
    replace(body, await make());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    replace(body, h("p", { class: "note" }, inWords(error)));
    if (error.status === 401) emit("key-needed");
  }
}

async function fillStats(volumes, removed) {
  const asked = ask("GET", `v1/stats?days=${DAYS}&limit=30`);
  await Promise.all([
    fill(volumes, async () => volumesPart(await asked)),
    fill(removed, async () => removedPart((await asked).removed)),
  ]);
}

function volumesPart(stats) {
  const says = [t("dash.kept", { n: number(stats.verdicts) }), t("dash.corrections", { n: number(stats.corrections) })];
  $("dash-sum").textContent = says.join(" · ");
  if (stats.days.length === 0) return h("p", { class: "note" }, t("dash.none"));
  const days = daysUpTo(stats.days.at(-1).day, DAYS);
  const byDay = new Map(stats.days.map((one) => [one.day, one.labels]));
  const tiles = labels().map(({ name }) => tile(name, days, byDay));
  return [h("p", { class: "note" }, t("dash.volumes.note")), h("div", { class: "tiles" }, tiles), asTable(days, byDay)];
}

function tile(name, days, byDay) {
  const values = days.map((day) => {
    const { lines = 0, dropped = 0 } = byDay.get(day)?.[name] ?? {};
    return { lines, dropped, title: `${day}: ${number(lines)}, ${t("action.drop")} ${number(dropped)}` };
  });
  const sum = values.reduce((all, one) => all + one.lines, 0);
  const dropped = values.reduce((all, one) => all + one.dropped, 0);
  const says = t("dash.tile", { label: title(name), lines: number(sum), dropped: number(dropped) });
  return h(
    "figure",
    { class: "tile", dataset: { label: name } },
    h(
      "figcaption",
      {},
      chip(name),
      h("span", { class: "figure" }, number(sum)),
      h("span", { class: "soft" }, sum ? t("dash.share", { share: percent(dropped / sum, 0) }) : ""),
    ),
    bars(values, says),
  );
}

function asTable(days, byDay) {
  const shown = labels().map(({ name }) => name);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, t("dash.day")),
    shown.map((name) => h("th", { scope: "col", class: "number" }, title(name))),
  );
  const rows = days.filter((day) => byDay.has(day)).reverse();
  const cells = (day) => shown.map((name) => h("td", { class: "number" }, number(byDay.get(day)[name]?.lines ?? 0)));
  return h(
    "details",
    {},
    h("summary", {}, t("dash.table")),
    h(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": t("dash.volumes") },
      h(
        "table",
        {},
        h("thead", {}, head),
        h(
          "tbody",
          {},
          rows.map((day) => h("tr", {}, h("th", { scope: "row" }, day), cells(day))),
        ),
      ),
    ),
  );
}

function removedPart(lines) {
  if (lines.length === 0) return h("p", { class: "note" }, t("dash.removed.none"));
  const head = h(
    "tr",
    {},
    h("th", { scope: "col", class: "number" }, t("dash.times")),
    h("th", { scope: "col" }, t("dash.label")),
    h("th", { scope: "col" }, t("dash.line")),
    h("th", { scope: "col", class: "wide-only" }, t("dash.last")),
  );
  const row = (one) =>
    h(
      "tr",
      {},
      h("td", { class: "number" }, number(one.count)),
      h("td", {}, chip(one.label)),
      h("td", { class: "cell-text", lang: "zh", dir: "auto" }, shownText(one.text)),
      h("td", { class: "soft wide-only" }, moment(one.last)),
    );
  return h("table", { class: "removed" }, h("thead", {}, head), h("tbody", {}, lines.map(row)));
}
