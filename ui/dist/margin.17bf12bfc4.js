// The margin of a text field: the numbers of its lines, and behind the text the marks of what was found and the tones of what
// it is written in. Only what is seen of them is in the page.

import { tones } from "./code.3b10a1881a.js";
import { el } from "./dom.51beb21e1e.js";

/** Characters of a text whose tones are found while somebody types; in a longer one they follow once nobody does. */
const AT_ONCE = 30_000;
/** Milliseconds without a key. */
const CALM = 250;

export class Margin {
  /** @type {{ start: number, end: number, tone: string }[] | null} */
  tones = null;

  /** What is marked: where each begins, how long they are, and which one is current. */
  marks = { starts: /** @type {number[]} */ ([]), length: 0, current: -1 };

  /** `way` is how the text is written, as `wayOf` says it. */
  constructor(/** @type {HTMLTextAreaElement} */ field, /** @type {string | null} */ way) {
    this.field = field;
    this.way = way;
    this.numbers = el("pre", { class: "editor-numbers", "aria-hidden": "true" });
    this.layer = el("pre", { class: "editor-marks", "aria-hidden": "true" });
    this.toned = el("pre", { class: "editor-marks editor-tones", "aria-hidden": "true" });
    this.room = el("div", { class: "editor-room" }, el("div", { class: "editor-gutter" }, this.numbers), el("div", { class: "editor-page" }, this.layer, this.toned));
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
    this.tone();
    this.numbers.parentElement.dataset.digits = String(Math.max(2, String(starts.length).length));
    this.draw();
  }

  /** Finds the tones, or shows none until there is time. */
  tone() {
    clearTimeout(this.timer);
    const find = () => { this.tones = tones(this.field.value, this.way); };
    if (this.way === null) return;
    if (this.field.value.length <= AT_ONCE) return find();
    this.tones = null;
    this.timer = setTimeout(() => { find(); this.draw(); }, CALM);
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
    for (const layer of [this.layer, this.toned]) layer.style.translate = `${-field.scrollLeft}px ${down}px`;
    this.layer.replaceChildren(...this.marked(first, end));
    // The letters are those of the layer where it has tones, else those of the field.
    field.classList.toggle("is-toned", this.tones !== null);
    this.toned.replaceChildren(...(this.tones ? this.inTones(first, end) : []));
  }

  /** Where the lines from one to before another begin and end in the text. */
  range(first, end) {
    return [this.starts[first], end < this.starts.length ? this.starts[end] : this.field.value.length];
  }

  /** The lines that are seen, in their tones. */
  inTones(first, end) {
    const { value } = this.field;
    const [from, to] = this.range(first, end);
    const made = [];
    let at = from;
    for (let index = firstFrom(this.tones, (tone) => tone.end > from); index < this.tones.length && this.tones[index].start < to; index += 1) {
      const { start, end: until, tone } = this.tones[index];
      made.push(value.slice(at, Math.max(at, start)), el("span", { class: `tone-${tone}` }, value.slice(Math.max(at, start), Math.min(to, until))));
      at = Math.min(to, until);
    }
    made.push(value.slice(at, to));
    return made;
  }

  /** The lines that are seen, with marks in them. */
  marked(first, end) {
    const { starts: found, length, current } = this.marks;
    if (!found.length) return [];
    const { value } = this.field;
    const [from, to] = this.range(first, end);
    const parts = [];
    let at = from;
    for (let index = firstFrom(found, (start) => start > from - length); index < found.length && found[index] < to; index += 1) {
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

/** Place of the first in an ordered list that fits, and after which all do. */
function firstFrom(list, fits) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(list[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
