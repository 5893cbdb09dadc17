// Two texts side by side in their lines: what only one of them has, with a few lines around it (Myers, 1986).

import { el } from "./dom.51beb21e1e.js";
import { count, t } from "./texts.802800d9e0.js";

/** Lines around a difference. */
const AROUND = 3;
/** Differences that are looked for one by one; texts that differ in more are shown as a whole. */
const MOST = 800;
/** Lines that are shown. */
const SHOWN = 2000;

/** How the second list comes of the first: `=`, `-` and `+` with the line. */
export function steps(/** @type {string[]} */ one, /** @type {string[]} */ other) {
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < one.length - start && end < other.length - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  const same = (lines) => lines.map((line) => ["=", line]);
  const middle = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return [...same(one.slice(0, start)), ...shortest(...middle), ...same(one.slice(one.length - end))];
}

function shortest(one, other) {
  const whole = () => [...one.map((line) => ["-", line]), ...other.map((line) => ["+", line])];
  if (!one.length || !other.length) return whole();
  const most = Math.min(one.length + other.length, MOST);
  const reach = new Map([[1, 0]]);
  const ways = [];
  for (let depth = 0; depth <= most; depth += 1) {
    ways.push(new Map(reach));
    for (let line = -depth; line <= depth; line += 2) {
      const isDown = line === -depth || (line !== depth && (reach.get(line - 1) ?? -1) < (reach.get(line + 1) ?? -1));
      let x = isDown ? reach.get(line + 1) ?? 0 : (reach.get(line - 1) ?? 0) + 1;
      while (x < one.length && x - line < other.length && one[x] === other[x - line]) x += 1;
      reach.set(line, x);
      if (x >= one.length && x - line >= other.length) return back(ways, one, other, depth);
    }
  }
  return whole();
}

function back(ways, one, other, depth) {
  const made = [];
  let [x, y] = [one.length, other.length];
  for (; depth >= 0; depth -= 1) {
    const reach = ways[depth];
    const line = x - y;
    const isDown = line === -depth || (line !== depth && (reach.get(line - 1) ?? -1) < (reach.get(line + 1) ?? -1));
    const from = isDown ? line + 1 : line - 1;
    const startX = depth ? reach.get(from) ?? 0 : 0;
    const startY = depth ? startX - from : 0;
    while (x > startX && y > startY) made.push(["=", one[(x -= 1, y -= 1, x)]]);
    if (!depth) break;
    if (isDown) made.push(["+", other[(y -= 1)]]);
    else made.push(["-", one[(x -= 1)]]);
  }
  return made.reverse();
}

/** What differs between the text of the file and the own one. */
export function differences(/** @type {string} */ theirs, /** @type {string} */ ours) {
  const all = steps(theirs.split("\n"), ours.split("\n"));
  const near = new Set(all.flatMap(([kind], at) => (kind === "=" ? [] : Array.from({ length: 2 * AROUND + 1 }, (_, by) => at - AROUND + by))));
  const rows = [];
  let left = 0;
  for (const [at, [kind, line]] of all.entries()) {
    if (!near.has(at)) {
      left += 1;
      continue;
    }
    if (left) rows.push(el("span", { class: "diff-gap" }, count("equal_lines", left), "\n"));
    left = 0;
    const word = { "+": t("only_yours"), "-": t("only_theirs") }[kind];
    rows.push(el("span", { class: { "+": "diff-ours", "-": "diff-theirs", "=": "diff-same" }[kind] }, el("span", { class: "diff-sign", "aria-hidden": "true" }, { "+": "+", "-": "−", "=": " " }[kind]), word ? el("span", { class: "vh" }, `${word}: `) : null, line, "\n"));
    if (rows.length >= SHOWN) break;
  }
  return el("div", { class: "stack-s" },
    el("p", { class: "row cap" }, el("span", { class: "diff-key diff-theirs" }, `− ${t("only_theirs")}`), el("span", { class: "diff-key diff-ours" }, `+ ${t("only_yours")}`)),
    rows.length ? el("pre", { class: "diff", tabindex: "0", "aria-label": t("compare") }, el("code", {}, rows)) : el("p", {}, t("no_difference")));
}
