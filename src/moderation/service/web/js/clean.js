// The clean text beside the lines: each line of the original has its piece there, and both panes move together.

import { $, h, replace } from "./dom.js";
import { on } from "./events.js";
import { activeLine } from "./lines.js";
import { toUnits } from "./offsets.js";
import { current } from "./page.js";
import { shownText } from "./text.js";

let leader = null;

/** Draw the clean text, in pieces that know their line. */
export function drawClean() {
  const page = current();
  const units = toUnits(page.answer.clean);
  const places = cleanPlaces(page.answer);
  const nodes = [];
  let done = 0;
  for (const verdict of page.answer.lines) {
    const [start, end] = [units(places(verdict.start)), units(places(verdict.end))];
    if (end <= start) continue;
    const blank = page.answer.clean.slice(done, start).split("\n").length - 2;
    if (blank > 0) nodes.push(h("p", { class: "gap", "aria-hidden": "true", vars: { "--blank": Math.min(blank, 3) } }));
    nodes.push(
      h("p", { dir: "auto", dataset: { line: verdict.line } }, shownText(page.answer.clean.slice(start, end))),
    );
    done = end;
  }
  replace($("clean"), nodes);
}

/** A function from code points of the original to code points of the clean text. */
export function cleanPlaces({ removed, repairs }) {
  const edits = [
    ...removed.map((cut) => ({ start: cut.start, end: cut.end, grown: cut.start - cut.end })),
    ...repairs.map((fix) => ({ start: fix.start, end: fix.end, grown: [...fix.after].length - (fix.end - fix.start) })),
  ].sort((a, b) => a.start - b.start);
  const before = [0];
  for (const edit of edits) before.push(before.at(-1) + edit.grown);
  return (point) => {
    const n = firstFrom(edits, point);
    const inside = n > 0 && edits[n - 1].end > point;
    return inside ? edits[n - 1].start + before[n - 1] : point + before[n];
  };
}

/** How many edits begin before the point. */
function firstFrom(edits, point) {
  let [low, high] = [0, edits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edits[middle].start < point) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Frames for which the panes are still brought together. */
const SETTLING = 10;
let frames = 0;

/** Listen: the piece of the active or pointed-at line is marked, and the panes scroll together. */
export function startClean() {
  const [lines, clean] = [$("lines"), $("clean")];
  for (const pane of [lines, clean]) {
    for (const event of ["pointerenter", "focusin", "touchstart"])
      pane.addEventListener(event, () => (leader = pane), { passive: true });
  }
  for (const pane of [lines, clean]) {
    pane.addEventListener("scroll", () => leader === pane && lead(), { passive: true });
  }
  clean.addEventListener("click", (event) => {
    const line = event.target.closest("[data-line]")?.dataset.line;
    const own = line && getSelection().isCollapsed ? document.getElementById(`line-${line}`) : null;
    if (own) own.scrollIntoView({ block: "nearest" });
    own?.click();
  });
  on("active", () => point(activeLine()?.verdict.line));
  on("hover", (row) => point(row?.verdict.line ?? activeLine()?.verdict.line));
}

function point(line) {
  for (const piece of $("clean").querySelectorAll(".here")) piece.classList.remove("here");
  $("clean").querySelector(`[data-line="${line}"]`)?.classList.add("here");
}

/**
 * Have the other pane follow the leader for some frames: rows out of sight have heights that are guessed, and as they
 * are drawn, others come to stand at the top without another event.
 */
function lead() {
  if (!frames) requestAnimationFrame(together);
  frames = SETTLING;
}

function together() {
  follow(leader, leader === $("lines") ? $("clean") : $("lines"));
  frames -= 1;
  if (frames) requestAnimationFrame(together);
}

/** Scroll `other` so that the first line in sight of `pane` stands at the same height, or the next that it has. */
function follow(pane, other) {
  const { left, top, width } = pane.getBoundingClientRect();
  let own = document.elementFromPoint(left + width / 2, top + 2)?.closest(`#${pane.id} > *`);
  let twin = null;
  for (let n = 0; own && n < 500; n += 1, own = own.nextElementSibling) {
    twin = own.dataset.line && other.querySelector(`[data-line="${own.dataset.line}"]`);
    if (twin) break;
  }
  if (!twin) return;
  other.scrollTop +=
    twin.getBoundingClientRect().top - other.getBoundingClientRect().top - (own.getBoundingClientRect().top - top);
}
