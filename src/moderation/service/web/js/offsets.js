// The service counts code points, the browser UTF-16 units; they differ behind characters outside the first plane.

const ASTRAL = /[\ud800-\udbff][\udc00-\udfff]/;

/** A function from code points of `text` to UTF-16 units. */
export function toUnits(text) {
  if (!ASTRAL.test(text)) return (point) => point;
  const units = [];
  for (let unit = 0; unit < text.length; unit += text.codePointAt(unit) > 0xffff ? 2 : 1) units.push(unit);
  units.push(text.length);
  return (point) => units[Math.min(point, units.length - 1)];
}

/** How many code points the first `units` UTF-16 units of `text` hold. */
export function toPoints(text, units) {
  let points = 0;
  for (let unit = 0; unit < units; unit += text.codePointAt(unit) > 0xffff ? 2 : 1) points += 1;
  return points;
}

/** The length of `text` in code points. */
export function length(text) {
  return toPoints(text, text.length);
}
