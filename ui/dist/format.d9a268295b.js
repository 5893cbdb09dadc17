// Sizes, times and the signs of files, as the pages of the server write them.

import { language } from "./locale.5637415bf6.js";

const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** Bytes in decimal units, three digits at most. */
export function size(/** @type {number} */ bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2;
  return `${number(Math.floor(bytes * 10 ** digits) / 10 ** digits, digits)}\u202f${units[unit]}`;
}

const formats = new Map();
function number(value, digits) {
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: digits }));
  return formats.get(digits).format(value);
}

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const coming = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** A short time for a list: today with the clock, this year without the year. */
export function when(/** @type {number} */ millis) {
  if (!millis) return "";
  const moment = new Date(millis);
  const now = new Date();
  if (moment.toDateString() === now.toDateString()) return `${capital(relative.format(0, "day"))}, ${clock.format(moment)}`;
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (moment.toDateString() === yesterday.toDateString()) return capital(relative.format(-1, "day"));
  return (moment.getFullYear() === now.getFullYear() ? day : date).format(moment);
}

/** The exact moment, for a tooltip. */
export function exactly(/** @type {number} */ millis) {
  return millis ? exact.format(new Date(millis)) : "";
}

const capital = (text) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);

/** A moment in the days to come, as a sentence says it. */
export function moment(/** @type {number} */ millis) {
  return coming.format(new Date(millis));
}

/** Seconds in words that are short: 13 min. */
export function duration(/** @type {number} */ seconds) {
  const [value, unit] = seconds < 60 ? [Math.ceil(seconds), "second"] : seconds < 5400 ? [Math.round(seconds / 60), "minute"] : [Math.round(seconds / 3600), "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

/** The ending of a name in capitals, four letters at most. */
export function sign(/** @type {string} */ name) {
  const ending = /.\.([\p{L}\p{N}]{1,4})$/u.exec(name);
  return ending ? ending[1].toUpperCase() : "";
}

/** `rwxr-x---` */
export function permissions(/** @type {number} */ mode) {
  return [...(mode & 0o777).toString(2).padStart(9, "0")].map((bit, at) => (bit === "1" ? "rwx"[at % 3] : "-")).join("");
}

const kinds = {
  // SVG as a picture runs nothing; by itself the server gives it as a download only.
  image: /\.(jpe?g|png|gif|webp|avif|bmp|svg)$/i,
  video: /\.(mp4|m4v|webm|ogv|mov)$/i,
  audio: /\.(mp3|ogg|oga|wav|m4a|flac|opus)$/i,
  pdf: /\.pdf$/i,
  text: /\.(txt|md|markdown|csv|tsv|log|json|ya?ml|toml|ini|conf|cfg|xml|html?|css|m?js|ts|py|rs|go|sh|bat|ps1|c|h|cpp|java|php|rb|pl|sql|tex|srt|env|gitignore|dockerfile)$/i,
};

/** What a file holds that a browser can show, by its name; `null` for nothing. */
export function kindOf(/** @type {string} */ name) {
  for (const [kind, names] of Object.entries(kinds)) if (names.test(name)) return kind;
  return null;
}

/** Whether the server offers a part of the page: `preview` or `edit`. */
export function has(/** @type {string} */ part) {
  return document.querySelector("file-browser")?.dataset.extras.split(" ").includes(part) ?? true;
}

/** Whether the editor opens it. */
export function isEditable(/** @type {import("./entries.js").Entry} */ entry) {
  return entry.kind !== "d" && has("edit") && kindOf(entry.name) === "text" && entry.size <= Number(document.querySelector("file-browser")?.dataset.editable ?? 0);
}

/** What is shown of a file; `null` for nothing. */
export function preview(/** @type {string} */ name) {
  return has("preview") ? kindOf(name) : null;
}
