// Texts in the language of the page: the server put them into a data block.

/** @type {Record<string, string>} */
const texts = JSON.parse(document.getElementById("texts")?.textContent || "{}");
const plural = new Intl.PluralRules(document.documentElement.lang);

/** The text of a key with its places `{0}`, `{1}`, … filled; the key itself if there is none. */
export function t(/** @type {string} */ key, /** @type {(string | number)[]} */ ...values) {
  return fill(texts[key] ?? key, values);
}

/** A text of two forms, `{0} file|{0} files`, for a number. */
export function count(/** @type {string} */ key, /** @type {number} */ number) {
  const [one, many] = (texts[key] ?? key).split("|");
  return fill(plural.select(number) === "one" || many === undefined ? one : many, [whole.format(number)]);
}

const whole = new Intl.NumberFormat(document.documentElement.lang);

function fill(text, values) {
  return text.replace(/\{(\d)\}/g, (place, index) => String(values[index] ?? place));
}
