// Paths as addresses have them: percent-encoded bytes with `/` between them. Names of files need not be UTF-8.

/** A name as a part of a path. */
export function encode(/** @type {string} */ name) {
  return encodeURIComponent(name).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The entry with an encoded name in a directory. */
export function join(/** @type {string} */ directory, /** @type {string} */ encoded) {
  return `${directory === "/" ? "" : directory}/${encoded}`;
}

/** The directory that holds a path. */
export function parent(/** @type {string} */ path) {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The encoded name of a path. */
export function last(/** @type {string} */ path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** For people; what is no UTF-8 stays encoded. */
export function readable(/** @type {string} */ path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The bytes of a path in base64, as the headers of uploads want them. */
export function base64(/** @type {string} */ path) {
  const bytes = path.replace(/%([0-9A-F]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  return btoa(bytes);
}

/** A free name beside those that are taken: `plan (2).pdf`. */
export function freeName(/** @type {string} */ name, /** @type {(name: string) => boolean} */ isTaken) {
  const at = name.lastIndexOf(".");
  const [stem, ending] = at > 0 ? [name.slice(0, at), name.slice(at)] : [name, ""];
  for (let number = 2; ; number += 1) {
    const next = `${stem} (${number})${ending}`;
    if (!isTaken(next)) return next;
  }
}
