// The text editor: a plain field with the two comforts that a field lacks.

const form = /** @type {HTMLFormElement} */ (document.querySelector("form.editor"));
const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
const before = field.value;
let isLeaving = false;

addEventListener("beforeunload", (event) => {
  if (field.value !== before && !isLeaving) event.preventDefault();
});
form.addEventListener("submit", () => { isLeaving = true; });
form.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s" && !field.readOnly) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit]"));
  }
});
