// Text with numbered lines, its parts in another tone: comments, strings, numbers and the words of a language. Nothing of it is
// ever read as markup.

import { el } from "./dom.51beb21e1e.js";

/** Lines that are shown. */
export const LINES = 10_000;
/** Characters of a line, and of all, that are looked at for tones: what is longer was made by a machine. */
const LONGEST = 4000;
const MOST = 200_000;

const STRINGS = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const NUMBERS = String.raw`\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\b`;
const WORDS = String.raw`[A-Za-z_$@][\w$-]*`;
/** The end of all, also where `^` and `$` are those of a line. */
const END = String.raw`(?![\s\S])`;
const BLOCK = String.raw`\/\*[\s\S]*?(?:\*\/|${END})`;

const C = "abstract as async await bool boolean break case catch char class const continue crate default defer delete do double dyn else enum export extends extern false final finally float fn for from func function go if impl implements import in instanceof int interface let long loop match mod mut namespace new nil null package private protected pub public range return self short static string struct super switch this throw throws trait true try type typedef typeof undefined union unsafe unsigned use using var void volatile where while with yield";
const HASH = "and as assert begin break case class continue def del do done elif else elsif end ensure esac except exit export false fi finally for foreach from function global if import in is lambda let local module my next nil none not null or our param pass print raise require rescue return self shift sub then true try unless until use while with yield yes no on off";
const SQL = "add all alter and as asc between by case check column commit constraint create cross database default delete desc distinct drop else end exists foreign from full group having if in index inner insert intersect into is join key left like limit not null offset on or order outer primary references right rollback select set table then transaction trigger union unique update values view when where with";

/** A way of writing: comments, strings, words of its own. */
const way = (comments, strings, words, more = {}) => ({ comments, strings, words: new Set(words.split(" ")), ...more });
const WAYS = {
  c: way(String.raw`\/\/[^\n]*|${BLOCK}`, `${STRINGS}|\`(?:\\\\[\\s\\S]|[^\`\\\\])*(?:\`|${END})`, C),
  hash: way(String.raw`(?:^|[\s;(])#[^\n]*`, String.raw`"{3}[\s\S]*?(?:"{3}|${END})|'{3}[\s\S]*?(?:'{3}|${END})|${STRINGS}`, HASH),
  sql: way(String.raw`--[^\n]*|${BLOCK}`, STRINGS, SQL, { isLoose: true }),
  css: way(BLOCK, STRINGS, "important"),
  ini: way(String.raw`^[ \t]*[#;][^\n]*`, STRINGS, "true false yes no on off"),
  json: way(String.raw`\/\/[^\n]*|${BLOCK}`, STRINGS, "true false null"),
  xml: way(String.raw`<!--[\s\S]*?(?:-->|${END})`, STRINGS, "", { tags: String.raw`<[/!?]?[A-Za-z][\w:.-]*|[/?]?>` }),
  tex: way(String.raw`(?:^|[^\\\n])%[^\n]*`, String.raw`\$[^$\n]*\$`, "", { tags: String.raw`\\[A-Za-z]+` }),
};
const ENDINGS = {
  c: "js mjs jsx ts tsx javascript typescript rs rust go golang c h cc cpp hpp cs java kt kotlin swift php scala dart",
  hash: "py python rb ruby pl perl sh bash zsh shell console yaml yml toml ps1 dockerfile makefile env gitignore r",
  sql: "sql", css: "css scss less", ini: "ini conf cfg properties", json: "json jsonc json5", xml: "xml html htm xhtml svg vue", tex: "tex",
};
const byEnding = new Map(Object.entries(ENDINGS).flatMap(([name, endings]) => endings.split(" ").map((ending) => [ending, name])));
const made = new Map();

function pattern(name) {
  if (!made.has(name)) {
    const { comments, strings, tags } = WAYS[name];
    made.set(name, new RegExp(`(${comments})|(${strings})|(${tags ?? "(?!)"})|(${NUMBERS})|(${WORDS})`, "gim"));
  }
  return made.get(name);
}

/** Parts of a text, each with its tone or none. */
function* parts(text, name) {
  const { words, isLoose } = WAYS[name];
  let at = 0;
  for (const found of text.matchAll(pattern(name))) {
    const [whole, comment, string, tag, number, word] = found;
    const tone = comment ? "note" : string ? "text" : tag ? "word" : number ? "number" : word && words.has(isLoose ? word.toLowerCase() : word) ? "word" : "";
    if (!tone) continue;
    if (found.index > at) yield ["", text.slice(at, found.index)];
    yield [tone, whole];
    at = found.index + whole.length;
  }
  if (at < text.length) yield ["", text.slice(at)];
}

/** The way of writing of a file, by what its name ends with or a block says of itself. */
export function wayOf(/** @type {string} */ ending) {
  return byEnding.get(ending.toLowerCase()) ?? null;
}

/** Whether a text is looked into. */
const isCalm = (text, name) => name !== null && text.length <= MOST && !text.split("\n").some((line) => line.length > LONGEST);

/** Where the tones of a text begin and end, in their order; `null` for a text that has none. */
export function tones(/** @type {string} */ text, /** @type {string | null} */ name) {
  if (!isCalm(text, name)) return null;
  const found = [];
  let at = 0;
  for (const [tone, part] of parts(text, name)) {
    if (tone) found.push({ start: at, end: at + part.length, tone });
    at += part.length;
  }
  return found;
}

/** The lines of a text, each a list of nodes. */
export function lines(/** @type {string} */ text, /** @type {string | null} */ name) {
  const all = [[]];
  for (const [tone, part] of isCalm(text, name) ? parts(text, name) : [["", text]]) {
    part.split("\n").forEach((piece, index) => {
      if (index) all.push([]);
      if (piece) all[all.length - 1].push(tone ? el("span", { class: `tone-${tone}` }, piece) : piece);
    });
  }
  return all;
}

/** The text with numbers before its lines. */
export function numbered(/** @type {string} */ text, /** @type {string | null} */ name, label = "") {
  const rows = lines(text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n", LINES).join("\n"), name);
  const digits = String(rows.length).length;
  return el("pre", { class: `code-lines digits-${Math.max(2, Math.min(5, digits))}`, tabindex: "0", "aria-label": label }, el("code", {}, rows.map((nodes) => el("span", { class: "line" }, nodes, "\n"))));
}
