// How times are written: in the language of the page, in the manner of the reader's own region. Numbers are as the server writes
// them.
const page = document.documentElement.lang;
const base = (/** @type {string} */ tag) => tag.split("-")[0];

export const language = navigator.languages.find((tag) => base(tag) === base(page)) ?? page;
