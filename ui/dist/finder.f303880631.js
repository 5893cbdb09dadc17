// Finding and replacing in a text field.

import { button, el, icon } from "./dom.51beb21e1e.js";
import { t } from "./texts.802800d9e0.js";

/** Places that are looked for at most. */
const MOST = 20_000;

export class Finder {
  constructor(/** @type {HTMLTextAreaElement} */ field, /** @type {import("./margin.js").Margin} */ margin) {
    this.field = field;
    this.margin = margin;
    this.input = el("input", { class: "input", type: "search", id: "find-text", "aria-label": t("find"), placeholder: t("find"), autocomplete: "off", spellcheck: "false", on: { input: () => this.look(true) } });
    this.other = el("input", { class: "input", id: "replace-text", "aria-label": t("replace_with"), placeholder: t("replace_with"), autocomplete: "off", spellcheck: "false" });
    this.exact = el("input", { type: "checkbox", on: { change: () => this.look(true) } });
    this.number = el("span", { class: "cap num", role: "status" });
    const small = "btn btn-quiet btn-icon btn-s";
    this.bar = el("div", { class: "finder", role: "search", hidden: true },
      el("div", { class: "row finder-line" }, el("span", { class: "search" }, icon("search"), this.input), this.number,
        button({ icon: "up", label: t("previous"), class: small, act: () => this.step(-1) }), button({ icon: "down", label: t("next"), class: small, act: () => this.step(1) }),
        el("label", { class: "pick" }, this.exact, el("span", {}, t("match_case"))), button({ icon: "x", label: t("close"), class: `${small} push`, act: () => this.close() })),
      field.readOnly ? null : el("div", { class: "row finder-line" }, this.other, button({ text: t("replace"), class: "btn btn-s", act: () => this.replace() }), button({ text: t("replace_all"), class: "btn btn-s", act: () => this.replaceAll() })));
    this.bar.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("input", () => { if (!this.bar.hidden) this.look(false); });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.bar.hidden) return;
      event.preventDefault();
      this.close();
    });
  }

  key(event) {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.input) this.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Enter" && event.target === this.other) this.replace();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  open() {
    this.bar.hidden = false;
    const { value, selectionStart, selectionEnd } = this.field;
    const chosen = value.slice(selectionStart, selectionEnd);
    if (chosen && !chosen.includes("\n")) this.input.value = chosen;
    this.input.focus();
    this.input.select();
    this.look(true);
  }

  close() {
    const { starts, current, length } = this.margin.marks;
    const isHere = document.activeElement === this.field;
    this.bar.hidden = true;
    this.mark([], -1);
    this.field.focus();
    if (current >= 0 && !isHere) this.field.setSelectionRange(starts[current], starts[current] + length);
  }

  mark(starts, current) {
    this.margin.marks = { starts, length: this.input.value.length, current };
    this.margin.draw();
    const many = starts.length >= MOST ? `${MOST}+` : starts.length;
    this.number.textContent = !this.input.value ? "" : starts.length ? t("number_of", current + 1, many) : t("nothing_found");
  }

  /** Finds anew; `near`: the place nearest to where the writing is becomes the current one. */
  look(near) {
    const fold = (text) => (this.exact.checked ? text : lower(text));
    const text = fold(this.field.value);
    const wanted = fold(this.input.value);
    const starts = [];
    for (let at = wanted ? text.indexOf(wanted) : -1; at >= 0 && starts.length < MOST; at = text.indexOf(wanted, at + wanted.length)) starts.push(at);
    const from = near ? this.field.selectionStart : this.margin.marks.starts[this.margin.marks.current] ?? 0;
    const next = starts.findIndex((at) => at >= from);
    const current = starts.length ? Math.max(0, next) : -1;
    this.mark(starts, current);
    if (near && current >= 0) this.margin.show(starts[current]);
  }

  step(/** @type {number} */ by) {
    if (this.bar.hidden) return this.open();
    const { starts, current } = this.margin.marks;
    if (!starts.length) return;
    const next = (current + by + starts.length) % starts.length;
    this.mark(starts, next);
    this.margin.show(starts[next]);
    // The writing goes on there.
    this.field.setSelectionRange(starts[next], starts[next] + this.input.value.length);
  }

  /** As if it had been typed, so that it can be undone. */
  type(start, end, text) {
    this.field.focus();
    this.field.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, text)) {
      this.field.setRangeText(text, start, end, "end");
      this.field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  replace() {
    const { starts, current, length } = this.margin.marks;
    if (current < 0) return;
    this.type(starts[current], starts[current] + length, this.other.value);
    this.look(true);
    this.other.focus();
  }

  replaceAll() {
    const { starts, length } = this.margin.marks;
    if (!starts.length) return;
    const { value } = this.field;
    let made = "";
    let at = 0;
    for (const start of starts) {
      made += value.slice(at, start) + this.other.value;
      at = start + length;
    }
    this.type(0, value.length, made + value.slice(at));
    this.number.textContent = t("replaced_n", starts.length);
    this.other.focus();
  }
}

/** Lower case with as many signs as before: places in it are places in the text. */
function lower(text) {
  const folded = text.toLowerCase();
  return folded.length === text.length ? folded : text.replace(/[A-Z\u00c0-\u00de\u0391-\u03a9\u0410-\u042f]/g, (sign) => sign.toLowerCase());
}
