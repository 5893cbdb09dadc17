// What is chosen, where the keyboard is, and where a range began.

/** @typedef {import("./entries.js").Entry} Entry */

export class Selection {
  /** @type {Set<Entry>} */
  chosen = new Set();
  focus = 0;
  anchor = 0;

  constructor(/** @type {() => Entry[]} */ shown, /** @type {() => void} */ changed) {
    this.shown = shown;
    this.changed = changed;
  }

  reset() {
    this.chosen.clear();
    this.focus = 0;
    this.anchor = 0;
    this.changed();
  }

  clear() {
    this.chosen.clear();
    this.changed();
  }

  all() {
    this.chosen = new Set(this.shown());
    this.changed();
  }

  toggle(/** @type {number} */ index) {
    const entry = this.shown()[index];
    if (!entry) return;
    if (!this.chosen.delete(entry)) this.chosen.add(entry);
    this.focus = index;
    this.anchor = index;
    this.changed();
  }

  only(/** @type {number} */ index) {
    const entry = this.shown()[index];
    this.chosen = new Set(entry ? [entry] : []);
    this.focus = index;
    this.anchor = index;
    this.changed();
  }

  /** From the anchor to here. */
  reach(/** @type {number} */ index) {
    const [from, to] = [Math.min(index, this.anchor), Math.max(index, this.anchor)];
    this.chosen = new Set(this.shown().slice(from, to + 1));
    this.focus = index;
    this.changed();
  }

  /** Moves the focus without choosing. */
  moveTo(/** @type {number} */ index) {
    this.focus = index;
    this.anchor = index;
    this.changed();
  }

  /** What an action is about: what is chosen, else where the keyboard is. */
  targets() {
    // In their order; one alone needs no look at all of them.
    if (this.chosen.size > 1) return this.shown().filter((entry) => this.chosen.has(entry));
    if (this.chosen.size) return [...this.chosen];
    const entry = this.shown()[this.focus];
    return entry ? [entry] : [];
  }
}
