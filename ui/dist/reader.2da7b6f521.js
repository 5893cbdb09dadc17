// Texts in the preview: Markdown as a page, CSV as a table, everything else with its lines numbered.

import * as api from "./api.7bfcfb533b.js";
import { LINES, numbered, wayOf } from "./code.3b10a1881a.js";
import { el } from "./dom.51beb21e1e.js";
import { size } from "./format.d9a268295b.js";
import { markdown } from "./markdown.4f95693298.js";
import { encode, join, parent } from "./paths.d367a57b77.js";
import { sheet } from "./sheet.fbae737c53.js";
import { count, t } from "./texts.802800d9e0.js";

/** Bytes of a text that are shown. */
const TEXT = 256 * 1024;

const isMarkdown = (name) => /\.(md|markdown)$/i.test(name);
const isSheet = (name) => /\.(csv|tsv)$/i.test(name);
const isPicture = (name) => /\.(jpe?g|png|gif|webp|avif|bmp|svg)$/i.test(name);

/** @typedef {{ text: string, isCut: boolean, bytes: number }} Content */

/** The beginning of a text, whatever it is written in. */
export async function read(/** @type {string} */ address, /** @type {number} */ bytes, /** @type {AbortSignal} */ signal) {
  const isCut = bytes > TEXT;
  const response = await api.send("GET", address, { headers: isCut ? { Range: `bytes=0-${TEXT - 1}` } : {}, signal });
  const text = decode(new Uint8Array(await response.arrayBuffer()), isCut);
  if (text.slice(0, 4096).includes("\0")) throw Object.assign(new Error(t("cannot_show")), { isOurs: true });
  return /** @type {Content} */ ({ text, isCut, bytes });
}

/** UTF-8, or what a mark at the beginning says; what is no UTF-8 was written by an older Windows, mostly. */
function decode(bytes, isCut) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(isCut ? whole(bytes) : bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Without the sign that the end cuts in two. */
function whole(bytes) {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end > 0 && bytes[end - 1] >= 0xc0 ? end - 1 : bytes.length);
}

/** What a text can be looked at as; `null` where there is one way only. */
export function ways(/** @type {string} */ name, /** @type {Content} */ { text }) {
  if (isMarkdown(name)) return [t("as_page"), t("as_text")];
  return isSheet(name) && text.trim() ? [t("as_table"), t("as_text")] : null;
}

/**
 * @param {Content} content
 * @param {{ entry: import("./entries.js").Entry, path: string, source: import("./preview.js").Source, isPlain: boolean }} of
 */
export function drawn(content, { entry, path, source, isPlain }) {
  const { text, isCut, bytes } = content;
  const note = isCut ? el("p", { class: "cap" }, t("only_beginning", size(TEXT), size(bytes))) : null;
  if (!text.trim()) return el("p", { class: "preview-note" }, t("empty_file"));
  const table = !isPlain && isSheet(entry.name) ? sheet(text, entry.name, isCut) : null;
  if (table) return table;
  if (!isPlain && isMarkdown(entry.name)) return el("div", { class: "preview-text preview-prose", tabindex: "0", role: "region", "aria-label": entry.name }, markdown(text, beside(path, source)), note);
  const way = wayOf(/\.([^.]+)$/.exec(entry.name)?.[1] ?? entry.name);
  const more = !isCut && text.split("\n", LINES + 2).length > LINES + 1 ? el("p", { class: "cap" }, count("first_lines", LINES)) : null;
  return el("div", { class: "preview-text" }, numbered(text, way, entry.name), note ?? more);
}

/** What an address in a text leads to: a file near it, never one of elsewhere. */
function beside(path, source) {
  const target = (/** @type {string} */ address) => {
    const [way] = address.split(/[?#]/);
    let parts = way.startsWith("/") ? [] : parent(path).split("/").filter(Boolean);
    for (const part of way.split("/")) {
      if (part === "..") parts = parts.slice(0, -1);
      else if (part && part !== ".") parts.push(encode(plain(part)));
    }
    return parts.length ? parts.reduce((so_far, part) => join(so_far, part), "/") : null;
  };
  return {
    file: (address) => { const at = target(address); return at && source.folder(at); },
    picture: (address) => { const at = isPicture(address.split(/[?#]/)[0]) ? target(address) : null; return at && source.address(at, true); },
  };
}

function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
