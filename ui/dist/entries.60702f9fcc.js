// The entries of a directory: from the rows of the page or from the API, sorted and filtered.

import { encode } from "./paths.d367a57b77.js";

/** @typedef {{ name: string, enc: string, kind: "d" | "f" | "l", size: number, time: number, mode: number, key?: string, path?: string, where?: string }} Entry */

const DIRECTORY = 2 ** 31;
const SYMLINK = 2 ** 27;

/** From the API (`DirEntry` of the contract, modes as Go writes them). */
export function fromApi(/** @type {any} */ entry) {
  const kind = entry.mode >= DIRECTORY ? "d" : Math.floor(entry.mode / SYMLINK) % 2 ? "l" : "f";
  return /** @type {Entry} */ ({ name: entry.name, enc: entry.encoded_name ?? encode(entry.name), kind, size: entry.size ?? 0, time: Date.parse(entry.last_modified) || 0, mode: entry.mode % 512 });
}

/** From a row that the server made. */
export function fromRow(/** @type {HTMLElement} */ row) {
  const { name, enc, kind, size, time, mode } = row.dataset;
  return /** @type {Entry} */ ({ name, enc, kind, size: Number(size), time: Number(time), mode: Number(mode) % 512 });
}

/** A text that sorts as people sort names: numbers by value, letters whatever their case. Far faster than a collator in large directories. */
function key(name) {
  return name.toLowerCase().replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, "").padStart(16, "0"));
}

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** Sorts in place; directories come first in every order. */
export function sort(/** @type {Entry[]} */ entries, /** @type {string} */ by, /** @type {boolean} */ descending) {
  for (const entry of entries) entry.key ??= key(entry.name);
  const turn = descending ? -1 : 1;
  const value = { size: "size", date: "time" }[by];
  entries.sort((one, other) => {
    const directories = Number(other.kind === "d") - Number(one.kind === "d");
    if (directories) return directories;
    const difference = value ? one[value] - other[value] : 0;
    return turn * (difference || compare(one.key, other.key) || compare(one.name, other.name));
  });
  return entries;
}
