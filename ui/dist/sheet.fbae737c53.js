// Rows and columns of a text: CSV (RFC 4180) and what is like it.

import { el } from "./dom.51beb21e1e.js";
import { count, t } from "./texts.802800d9e0.js";

/** Rows and columns that are shown. */
export const ROWS = 1000;
export const COLUMNS = 100;
const SEPARATORS = [",", ";", "\t", "|"];
/** Lines that are looked at for the separator. */
const LOOKED_AT = 10;

/** What separates: in most lines, and as often in each. */
export function separatorOf(/** @type {string} */ text, /** @type {string} */ name) {
  if (/\.tsv$/i.test(name)) return "\t";
  const said = /^sep=(.)\r?\n/i.exec(text);
  if (said) return said[1];
  const lines = text.replace(/"(?:""|[^"])*"/g, "").split(/\r?\n/, LOOKED_AT).filter(Boolean);
  const score = (sign) => {
    const counts = lines.map((line) => line.split(sign).length - 1);
    const least = Math.min(...counts);
    return least * 1000 + counts.reduce((sum, number) => sum + number, 0);
  };
  return SEPARATORS.reduce((best, sign) => (score(sign) > score(best) ? sign : best), ",");
}

/** The rows, `most` at most. */
export function parse(/** @type {string} */ text, /** @type {string} */ separator, most = ROWS + 1) {
  const rows = [];
  let row = [];
  let cell = "";
  let isQuoted = false;
  const endCell = () => { row.push(cell); cell = ""; };
  const endRow = () => { endCell(); if (row.length > 1 || row[0] !== "") rows.push(row); row = []; };
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length && rows.length < most; at += 1) {
    const sign = text[at];
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; } else isQuoted = false;
    } else if (sign === '"' && cell === "") isQuoted = true;
    else if (sign === separator) endCell();
    else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[at + 1] === "\n") at += 1;
      endRow();
    } else cell += sign;
  }
  if ((cell || row.length) && rows.length < most) endRow();
  return rows;
}

const isNumber = (cell) => /^[-+]?[\d.,'\s\u202f]*\d\s*%?$/.test(cell);

/** The table of a text; of one that is cut the last row is left out. `null` where there is none. */
export function sheet(/** @type {string} */ text, /** @type {string} */ name, isCut = false) {
  const separator = separatorOf(text, name);
  const rows = parse(text.replace(/^sep=.\r?\n/i, ""), separator);
  if (isCut && rows.length > 1 && rows.length <= ROWS) rows.pop();
  if (!rows.length) return null;
  const width = Math.max(...rows.map((row) => row.length));
  const columns = Math.min(width, COLUMNS);
  const [head, ...body] = rows;
  const shown = body.slice(0, ROWS);
  const across = Array.from({ length: columns });
  const table = el("table", { class: "sheet-rows" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "sheet-number" }, el("span", { class: "vh" }, t("line"))), across.map((_, at) => el("th", { scope: "col" }, head[at] ?? "")))),
    el("tbody", {}, shown.map((row, index) => el("tr", {}, el("th", { scope: "row", class: "sheet-number" }, String(index + 1)), across.map((_, at) => el("td", { class: isNumber(row[at] ?? "") ? "end" : null }, row[at] ?? ""))))));
  const left = [body.length > ROWS || isCut ? count("first_rows", shown.length) : "", width > COLUMNS ? count("first_columns", COLUMNS) : ""].filter(Boolean).join(" ");
  return el("div", { class: "preview-sheet" }, el("div", { class: "sheet-room", tabindex: "0", role: "region", "aria-label": name }, table), left ? el("p", { class: "cap" }, left) : null);
}
