// Markdown as elements: CommonMark's usual parts, tables, tasks and strikes. Markup of HTML stays text, addresses are those of
// the web, of mail and of files beside this one, and pictures of elsewhere are links: looking at a file asks nobody else.

import { lines as toned, wayOf } from "./code.3b10a1881a.js";
import { el } from "./dom.51beb21e1e.js";
import { spans } from "./spans.b1d9f78db1.js";

/** Deepest nesting of lists and quotations, and columns of a table. */
const DEPTH = 12;
const COLUMNS = 100;

// None of these may look at a character again and again: a line may be as long as the file.
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?: {1,4}(?=\S)|[ \t]*$| +(?=\S))/;
const DEFINITION = /^ {0,3}\[([^\]\n]{1,200})\]:[ \t]*<?([^\s>]+)>?(?:[ \t]+["'(][^\n]*)?[ \t]*$/;
const COMMENT = /^ {0,3}<!--/;

/**
 * @typedef {{ file: (address: string) => string | null, picture: (address: string) => string | null }} Beside
 * @typedef {{ beside: Beside, named: Map<string, string> }} Context
 */

/** The text as elements. `beside` says what an address of a file leads to. */
export function markdown(/** @type {string} */ text, /** @type {Beside} */ beside) {
  const all = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
  const named = new Map();
  const kept = withoutMatter(all).filter((line) => {
    const found = DEFINITION.exec(line);
    if (!found) return true;
    const key = found[1].toLowerCase();
    if (!named.has(key)) named.set(key, found[2]);
    return false;
  });
  return el("div", { class: "prose" }, blocks(kept, { beside, named }, 0));
}

/** Facts for programs at the beginning, between two rules. */
function withoutMatter(lines) {
  if (lines[0]?.trim() !== "---") return lines;
  const end = lines.findIndex((line, at) => at > 0 && line.trim() === "---");
  return end > 0 && lines.slice(1, end).every((line) => !line.trim() || /^[\s-]*\w[\w-]*:|^\s|^- /.test(line)) ? lines.slice(end + 1) : lines;
}

/** @returns {Node[]} */
function blocks(/** @type {string[]} */ lines, /** @type {Context} */ context, /** @type {number} */ depth) {
  const made = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at, context, depth);
    if (node) made.push(node);
    at = next;
  }
  return made;
}

/** One block from that line on, and the line after it. */
function block(lines, at, context, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = fenceOf(line);
  if (fence) return fenced(lines, at, fence);
  const heading = HEADING.exec(line);
  // The name of the file is the heading above these.
  if (heading) return [el(`h${Math.min(6, heading[1].length + 2)}`, { class: `prose-${heading[1].length}` }, spans(headed(line.slice(heading[0].length)), context)), at + 1];
  if (RULE.test(line)) return [el("hr"), at + 1];
  if (COMMENT.test(line)) return [null, after(lines, at, (one) => one.includes("-->"))];
  if (QUOTE.test(line) && depth < DEPTH) return quotation(lines, at, context, depth);
  if (ITEM.test(line) && depth < DEPTH) return list(lines, at, context, depth);
  if (/^ {4}/.test(line)) return indented(lines, at);
  if (line.includes("|") && areDelimiters(lines[at + 1] ?? "") && (lines[at + 1].includes("|") || /^\s*\|/.test(line))) return table(lines, at, context);
  return paragraph(lines, at, context);
}

/** The beginning of a block of code: its marks, and the word behind them. Between backticks and the end of the line is none. */
function fenceOf(line) {
  const found = FENCE.exec(line);
  return found && !line.slice(found[0].length).includes("`") ? found : null;
}

/** The text of a heading, without the signs that close it. */
function headed(rest) {
  const text = rest.trim();
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  return end === 0 || /[ \t]/.test(text[end - 1]) ? text.slice(0, end).trimEnd() : text;
}

/** Whether a line is the one below the head of a table. */
function areDelimiters(line) {
  return /^ {0,3}\S/.test(line) && cells(line).every((cell) => /^:?-+:?$/.test(cell));
}

/** The line after the first from `at` on that fits. */
function after(lines, at, fits) {
  while (at < lines.length && !fits(lines[at])) at += 1;
  return at + 1;
}

function codeBlock(text, word) {
  const rows = toned(text, wayOf(word));
  return el("pre", { class: "prose-code", tabindex: "0" }, el("code", {}, rows.flatMap((nodes, at) => (at ? ["\n", ...nodes] : nodes))));
}

function fenced(lines, at, [, fence, word]) {
  const end = new RegExp(`^ {0,3}${fence[0] === "`" ? "`" : "~"}{${fence.length},}[ \\t]*$`);
  const next = after(lines, at + 1, (line) => end.test(line));
  return [codeBlock(lines.slice(at + 1, next - 1).join("\n"), word), next];
}

function indented(lines, at) {
  let next = at;
  while (next < lines.length && (/^ {4}/.test(lines[next]) || !lines[next].trim())) next += 1;
  return [codeBlock(lines.slice(at, next).map((line) => line.slice(4)).join("\n").trimEnd(), ""), next];
}

function quotation(lines, at, context, depth) {
  const inner = [];
  let next = at;
  for (; next < lines.length && lines[next].trim() && (QUOTE.test(lines[next]) || !begins(lines[next])); next += 1) inner.push(lines[next].replace(QUOTE, ""));
  return [el("blockquote", {}, blocks(inner, context, depth + 1)), next];
}

/** Whether a line ends a paragraph because something else begins. */
const begins = (line) => HEADING.test(line) || RULE.test(line) || fenceOf(line) !== null || QUOTE.test(line) || COMMENT.test(line) || (ITEM.test(line) && !/^ {0,3}\d/.test(line)) || /^ {0,3}1[.)] /.test(line);

/** The first line from `at` on that is not empty. */
function filled(lines, at) {
  while (at < lines.length && !lines[at].trim()) at += 1;
  return at;
}

function list(lines, at, context, depth) {
  const kind = (mark) => (/\d/.test(mark) ? mark.at(-1) : mark);
  const [, , first] = ITEM.exec(lines[at]);
  const items = [];
  let isLoose = false;
  let next = at;
  while (next < lines.length) {
    const found = ITEM.exec(lines[next]);
    if (!found || kind(found[2]) !== kind(first) || RULE.test(lines[next])) break;
    const width = found[0].trimEnd().length === found[0].length ? found[0].length + 1 : found[0].length;
    const inner = [lines[next].slice(found[0].length)];
    next += 1;
    while (next < lines.length) {
      const line = lines[next];
      const indent = line.search(/\S/);
      if (indent < 0) {
        // Empty lines belong to the item if what comes after them does.
        const rest = filled(lines, next);
        if (rest === lines.length || lines[rest].search(/\S/) < width) break;
        for (; next < rest; next += 1) inner.push("");
        continue;
      } else if (indent >= width) inner.push(line.slice(width));
      else if (!inner.at(-1)?.trim() || begins(line) || ITEM.test(line)) break;
      else inner.push(line.trimStart());
      next += 1;
    }
    isLoose ||= inner.some((line, index) => !line.trim() && index < inner.length - 1);
    items.push(inner);
    if (!lines[next]?.trim()) {
      const rest = filled(lines, next);
      const follows = rest < lines.length ? ITEM.exec(lines[rest]) : null;
      if (!follows || kind(follows[2]) !== kind(first)) break;
      isLoose = true;
      next = rest;
    }
  }
  const start = Number.parseInt(first, 10);
  return [el(/\d/.test(first) ? "ol" : "ul", { start: start > 1 ? String(start) : null }, items.map((inner) => item(inner, isLoose, context, depth))), next];
}

function item(inner, isLoose, context, depth) {
  const task = /^\[([ xX])\] +/.exec(inner[0]);
  if (task) inner[0] = inner[0].slice(task[0].length);
  let content = blocks(inner, context, depth + 1);
  if (!isLoose) content = content.flatMap((node) => (/** @type {Element} */ (node).tagName === "P" ? [...node.childNodes] : [node]));
  if (!task) return el("li", {}, content);
  return el("li", { class: "prose-task" }, el("span", { class: task[1] === " " ? "prose-box" : "prose-box is-done", role: "img", "aria-label": task[1] === " " ? "☐" : "☑" }), content);
}

/** A bar behind a backslash is one of the text. */
function cells(line) {
  const parts = line.trim().replaceAll("\\|", "\0").replace(/^\|/, "").replace(/\|$/, "").split("|");
  return parts.map((part) => part.trim().replaceAll("\0", "|"));
}

function table(lines, at, context) {
  const sides = cells(lines[at + 1]).slice(0, COLUMNS).map((cell) => (/^:-+:$/.test(cell) ? "middle" : /-:$/.test(cell) ? "end" : null));
  const row = (line, name) => el("tr", {}, cells(line).slice(0, sides.length).map((cell, index) => el(name, { class: sides[index], scope: name === "th" ? "col" : null }, spans(cell, context))));
  let next = at + 2;
  while (next < lines.length && lines[next].trim() && !begins(lines[next])) next += 1;
  return [el("div", { class: "prose-table", tabindex: "0" }, el("table", {}, el("thead", {}, row(lines[at], "th")), el("tbody", {}, lines.slice(at + 2, next).map((line) => row(line, "td"))))), next];
}

function paragraph(lines, at, context) {
  let next = at + 1;
  while (next < lines.length && lines[next].trim() && !begins(lines[next]) && !/^ {0,3}(?:=+|-+)[ \t]*$/.test(lines[next])) next += 1;
  const text = lines.slice(at, next).map((line) => line.trimStart()).join("\n");
  const under = /^ {0,3}(=+|-+)[ \t]*$/.exec(lines[next] ?? "");
  if (under) return [el(under[1][0] === "=" ? "h3" : "h4", { class: under[1][0] === "=" ? "prose-1" : "prose-2" }, spans(text.trimEnd(), context)), next + 1];
  return [el("p", {}, spans(text.trimEnd(), context)), next];
}
