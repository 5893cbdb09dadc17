// The margin of a text field: the numbers of its lines, and behind the text the marks of what was found. Only what is seen of
// both is in the page.

import { el } from "./dom.51beb21e1e.js";

export class Margin {
  /** What is marked: where each begins, how long they are, and which one is current. */
  marks = { starts: /** @type {number[]} */ ([]), length: 0, current: -1 };

  constructor(/** @type {HTMLTextAreaElement} */ field) {
    this.field = field;
    this.numbers = el("pre", { class: "editor-numbers", "aria-hidden": "true" });
    this.layer = el("pre", { class: "editor-marks", "aria-hidden": "true" });
    this.room = el("div", { class: "editor-room" }, el("div", { class: "editor-gutter" }, this.numbers), el("div", { class: "editor-page" }, this.layer));
    field.before(this.room);
    this.room.lastElementChild.append(field);
    field.addEventListener("input", () => this.update());
    field.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(field);
    this.update();
  }

  /** After the text changed. */
  update() {
    const starts = [0];
    for (let at = this.field.value.indexOf("\n"); at >= 0; at = this.field.value.indexOf("\n", at + 1)) starts.push(at + 1);
    this.starts = starts;
    this.numbers.parentElement.dataset.digits = String(Math.max(2, String(starts.length).length));
    this.draw();
  }

  /** The line of a place in the text. */
  lineOf(/** @type {number} */ at) {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  get height() {
    return parseFloat(getComputedStyle(this.field).lineHeight) || 20;
  }

  draw() {
    const { field, height } = this;
    const first = Math.max(0, Math.floor(field.scrollTop / height) - 1);
    const end = Math.min(this.starts.length, first + Math.ceil(field.clientHeight / height) + 3);
    const down = first * height - field.scrollTop;
    this.numbers.textContent = Array.from({ length: end - first }, (_, at) => first + at + 1).join("\n");
    this.numbers.style.translate = `0 ${down}px`;
    this.layer.style.translate = `${-field.scrollLeft}px ${down}px`;
    this.layer.replaceChildren(...this.marked(first, end));
  }

  /** The lines that are seen, with marks in them. */
  marked(first, end) {
    const { starts: found, length, current } = this.marks;
    if (!found.length) return [];
    const { value } = this.field;
    const from = this.starts[first];
    const to = end < this.starts.length ? this.starts[end] : value.length;
    const parts = [];
    let at = from;
    for (let index = firstFrom(found, from - length + 1); index < found.length && found[index] < to; index += 1) {
      const start = Math.max(at, found[index]);
      parts.push(value.slice(at, start), el("mark", { class: index === current ? "is-current" : null }, value.slice(start, Math.min(to, found[index] + length))));
      at = Math.min(to, found[index] + length);
    }
    parts.push(value.slice(at, to));
    return parts;
  }

  /** Brings a place into view. */
  show(/** @type {number} */ at) {
    const { field, height } = this;
    const top = this.lineOf(at) * height;
    if (top < field.scrollTop + height || top > field.scrollTop + field.clientHeight - 3 * height) field.scrollTop = Math.max(0, top - field.clientHeight / 2);
    const left = (at - this.starts[this.lineOf(at)]) * this.wide;
    if (left < field.scrollLeft || left > field.scrollLeft + field.clientWidth - 10 * this.wide) field.scrollLeft = Math.max(0, left - field.clientWidth / 2);
    this.draw();
  }

  /** Pixels of a sign: they are all as wide, nearly. */
  get wide() {
    return parseFloat(getComputedStyle(this.field).fontSize) * 0.6;
  }
}

/** The first of ascending numbers that is not below one. */
function firstFrom(numbers, least) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
