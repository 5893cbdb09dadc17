// The visible part of a long list: only the rows near the window are in the page, whatever the directory holds.

import { el, icon } from "./dom.51beb21e1e.js";
import { exactly, preview, sign, size, when } from "./format.d9a268295b.js";
import { t } from "./texts.802800d9e0.js";

/** @typedef {import("./entries.js").Entry} Entry */

/** Rows beyond the edges of the window. */
const MORE = 12;
/** Pictures that are larger are not loaded for a tile. */
const PICTURE = 12_000_000;

export class Rows {
  entries = /** @type {Entry[]} */ ([]);
  mode = "list";
  /** @type {Map<number, HTMLElement>} */
  made = new Map();
  from = 0;
  to = 0;
  height = 48;
  columns = 1;

  /**
   * @param {HTMLElement} host
   * @param {{ href: (entry: Entry) => string | null, picture: (entry: Entry) => string, isChosen: (entry: Entry) => boolean, focus: () => number, header: () => HTMLElement, label: () => string }} of
   */
  constructor(host, of) {
    this.host = host;
    this.of = of;
    const update = () => {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        this.update();
      });
    };
    addEventListener("scroll", update, { passive: true });
    addEventListener("resize", () => { this.measured = false; this.made.clear(); this.body?.replaceChildren(); update(); });
  }

  /** Shows other entries, or the same in another form. */
  show(/** @type {Entry[]} */ entries, /** @type {string} */ mode) {
    this.entries = entries;
    this.mode = mode;
    this.made.clear();
    this.measured = false;
    this.before = el(mode === "list" ? "tbody" : "div", { "aria-hidden": "true", class: "space" });
    this.after = this.before.cloneNode();
    if (mode === "list") {
      this.body = el("tbody");
      this.host.replaceChildren(el("table", { class: "table files", role: "grid", "aria-label": this.of.label(), "aria-multiselectable": "true", "aria-rowcount": entries.length + 1, tabindex: "-1" },
        this.of.header(), this.before, this.body, this.after));
      for (const space of [this.before, this.after]) space.append(el("tr", {}, el("td", { colspan: "5" })));
    } else {
      this.body = el("div", { class: "tiles", role: "grid", "aria-label": this.of.label(), "aria-multiselectable": "true", "aria-rowcount": entries.length, tabindex: "-1" });
      this.host.replaceChildren(el("div", { class: "tiles-room" }, this.before, this.body, this.after));
    }
    this.update();
  }

  measure() {
    if (this.measured || !this.entries.length) return;
    this.made.clear();
    this.body.replaceChildren(this.row(0));
    const first = /** @type {HTMLElement} */ (this.body.firstElementChild);
    const gap = this.mode === "list" ? 0 : parseFloat(getComputedStyle(this.body).rowGap) || 0;
    this.height = first.getBoundingClientRect().height + gap || 48;
    this.columns = this.mode === "list" ? 1 : getComputedStyle(this.body).gridTemplateColumns.split(" ").length;
    this.body.replaceChildren();
    this.measured = true;
  }

  /** Puts the rows near the window into the page and takes the others out. */
  update() {
    if (!this.body) return;
    this.measure();
    const lines = Math.ceil(this.entries.length / this.columns);
    const top = this.before.getBoundingClientRect().top;
    const first = Math.max(0, Math.min(lines, Math.floor(-top / this.height) - MORE));
    const last = Math.min(lines, Math.ceil((innerHeight - top) / this.height) + MORE);
    this.from = first * this.columns;
    this.to = Math.min(this.entries.length, Math.max(first, last) * this.columns);
    this.space(this.before, first);
    this.space(this.after, lines - Math.max(first, last));
    const focused = this.body.contains(document.activeElement);
    for (const [index, row] of this.made) {
      if (index >= this.from && index < this.to) continue;
      row.remove();
      this.made.delete(index);
    }
    let next = null;
    for (let index = this.to - 1; index >= this.from; index -= 1) {
      let row = this.made.get(index);
      if (!row) {
        row = this.row(index);
        this.made.set(index, row);
        this.body.insertBefore(row, next);
      }
      next = row;
    }
    if (focused && !this.body.contains(document.activeElement)) (this.body.closest("table") ?? this.body).focus({ preventScroll: true });
  }

  space(element, lines) {
    const target = element.querySelector("td") ?? element;
    // Never hidden: where the list begins is measured at it.
    target.style.blockSize = `${Math.max(0, lines) * this.height}px`;
  }

  /** Chosen rows and the one with the keyboard look so. */
  mark() {
    for (const [index, row] of this.made) this.markOne(row, index);
  }

  markOne(row, index) {
    const entry = this.entries[index];
    const chosen = this.of.isChosen(entry);
    row.setAttribute("aria-selected", String(chosen));
    row.classList.toggle("is-on", chosen);
    row.tabIndex = index === this.of.focus() ? 0 : -1;
    const box = row.querySelector("input.box");
    if (box) box.checked = chosen;
  }

  /** Brings a row into the window and gives it the keyboard. */
  focus(/** @type {number} */ index, keepPlace = false) {
    if (!this.entries.length) return;
    index = Math.max(0, Math.min(index, this.entries.length - 1));
    const top = this.before.getBoundingClientRect().top + Math.floor(index / this.columns) * this.height;
    const room = { top: 96, bottom: innerHeight - 96 };
    if (!keepPlace && top < room.top) scrollBy(0, top - room.top);
    else if (!keepPlace && top + this.height > room.bottom) scrollBy(0, top + this.height - room.bottom);
    this.update();
    this.mark();
    this.made.get(index)?.focus({ preventScroll: true });
  }

  /** Rows that fit into the window. */
  page() {
    return Math.max(1, Math.floor((innerHeight - 200) / this.height)) * this.columns;
  }

  row(index) {
    const entry = this.entries[index];
    const row = this.mode === "list" ? this.line(entry, index) : this.tile(entry, index);
    row.dataset.index = String(index);
    row.draggable = false;
    this.markOne(row, index);
    return row;
  }

  name(entry, more = "") {
    const href = this.of.href(entry);
    return href ? el("a", { class: `name clip${more}`, href, tabindex: "-1", title: entry.name, draggable: "false" }, entry.name) : el("span", { class: "name clip", title: entry.name }, entry.name);
  }

  line(entry, index) {
    return el("tr", { "aria-rowindex": index + 2 },
      el("td", { class: "c-box" }, el("input", { class: "box", type: "checkbox", tabindex: "-1", "aria-label": t("select", entry.name) })),
      el("th", { scope: "row" }, el("span", { class: "fname" }, mark(entry), el("span", {}, this.name(entry), entry.where ? el("span", { class: "sub clip" }, entry.where) : null))),
      el("td", { class: "end num c-size" }, entry.kind === "d" ? "" : size(entry.size)),
      el("td", { class: "num c-date", title: exactly(entry.time) }, when(entry.time)),
      el("td", { class: "end c-more" }, el("button", { class: "btn btn-quiet btn-icon btn-s", type: "button", tabindex: "-1", "aria-label": t("more_for", entry.name), "aria-haspopup": "menu", "data-more": true }, icon("more"))));
  }

  tile(entry, index) {
    const picture = preview(entry.name) === "image" && entry.kind !== "d" && entry.size < PICTURE && this.of.href(entry);
    return el("div", { class: "tile", role: "row", "aria-rowindex": index + 1 },
      el("span", { class: "pic", role: "gridcell" }, picture ? el("img", { src: this.of.picture(entry), alt: "", loading: "lazy", decoding: "async", on: { error: (event) => event.target.replaceWith(mark(entry)) } }) : mark(entry)),
      el("span", { class: "cap-line", role: "gridcell" }, this.name(entry, " plain"), el("span", { class: "sub num" }, entry.kind === "d" ? t("folder") : size(entry.size))),
      el("span", { class: "tile-more", role: "gridcell" }, el("button", { class: "btn btn-quiet btn-icon btn-s", type: "button", tabindex: "-1", "aria-label": t("more_for", entry.name), "aria-haspopup": "menu", "data-more": true }, icon("more"))),
      el("span", { role: "gridcell" }, el("input", { class: "box tick", type: "checkbox", tabindex: "-1", "aria-label": t("select", entry.name) })));
  }
}

/** The sign of an entry. */
export function mark(/** @type {Entry} */ entry) {
  return entry.kind === "d" ? el("span", { class: "fi fi-dir", "aria-hidden": "true" }, icon("folder")) : el("span", { class: "fi", "aria-hidden": "true" }, sign(entry.name));
}
