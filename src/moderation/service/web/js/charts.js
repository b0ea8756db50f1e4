// Small bar charts of days, drawn as SVG elements; every number is in the table beside them too.

import { svg } from "./dom.js";

const WIDTH = 160;
const HEIGHT = 36;

/** Bars of one series: values by day, each with the words that its title says; dropped: the part that is filled. */
export function bars(values, says) {
  const most = Math.max(1, ...values.map((value) => value.lines));
  const step = WIDTH / Math.max(values.length, 1);
  const thick = Math.max(1, step * 0.78);
  const columns = values.flatMap((value, n) => {
    const left = n * step + (step - thick) / 2;
    return [
      rect(left, thick, value.lines / most, "all", value.title),
      rect(left, thick, value.dropped / most, "dropped", value.title),
    ];
  });
  const base = svg("path", { d: `M0 ${HEIGHT - 0.5}H${WIDTH}`, class: "base" });
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": says, preserveAspectRatio: "none" },
    columns,
    base,
  );
}

function rect(x, width, share, kind, title) {
  if (!(share > 0)) return null;
  const height = Math.max(share * (HEIGHT - 2), 0.75);
  return svg(
    "rect",
    {
      x: x.toFixed(2),
      y: (HEIGHT - height).toFixed(2),
      width: width.toFixed(2),
      height: height.toFixed(2),
      class: kind,
    },
    svg("title", {}, title),
  );
}

/** So many days up to today or, where that is later, to `last`, as ISO dates (UTC). */
export function daysUpTo(last, count) {
  const end = Math.max(Date.now(), Date.parse(`${last}T00:00:00Z`));
  return Array.from({ length: count }, (_, n) =>
    new Date(end - (count - 1 - n) * 86_400_000).toISOString().slice(0, 10),
  );
}
