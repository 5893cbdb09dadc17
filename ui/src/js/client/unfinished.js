// Uploads that did not end, remembered by the browser: after a reload the same files go on where they stopped.

/** @typedef {{ name: string, size: number, time: number, path: string, url: string, since: number }} Unfinished */

/** Milliseconds: the server keeps them as long. */
const KEPT = 24 * 3_600_000;

const key = (user) => `entrepot-uploads:${user}`;

/** All that are worth going on with. */
export function all(/** @type {string} */ user) {
  try {
    const found = /** @type {Unfinished[]} */ (JSON.parse(localStorage.getItem(key(user)) || "[]"));
    return found.filter(({ since }) => Date.now() - since < KEPT);
  } catch {
    return [];
  }
}

function write(user, list) {
  try {
    localStorage.setItem(key(user), JSON.stringify(list));
  } catch { /* full or forbidden: then uploads do not survive a reload */ }
}

/** Remembers one. */
export function add(/** @type {string} */ user, /** @type {Unfinished} */ one) {
  write(user, [...all(user).filter(({ path }) => path !== one.path), one]);
}

/** Forgets one. */
export function forget(/** @type {string} */ user, /** @type {string} */ path) {
  write(user, all(user).filter((one) => one.path !== path));
}

/** The one that a file goes on with: the same name, size and time. */
export function match(/** @type {Unfinished[]} */ list, /** @type {File} */ file) {
  return list.find(({ name, size, time }) => name === file.name && size === file.size && time === file.lastModified);
}
