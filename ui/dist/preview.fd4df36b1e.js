// Looking at a file: pictures, sound, video, PDF, text and tables, without leaving the page. What a file holds never runs.

import * as api from "./api.7bfcfb533b.js";
import { button, el } from "./dom.51beb21e1e.js";
import { isEditable, preview } from "./format.d9a268295b.js";
import { last, parent } from "./paths.d367a57b77.js";
import { t } from "./texts.802800d9e0.js";

/** Pixels that a finger moves for the next picture. */
const SWIPE = 60;

/**
 * Where files are read, and what else can be done with one.
 * @typedef {{ address: (path: string, inline?: boolean) => string, editor: (entry: import("./entries.js").Entry, path: string) => string | null, folder: (path: string) => string }} Source
 */

/** @type {Source} */
const own = {
  address: api.fileAddress,
  editor: (entry, path) => (isEditable(entry) ? `/web/client/editfile?path=${path}` : null),
  folder: (path) => `/web/client/files?path=${parent(path)}&show=${last(path)}`,
};

/**
 * Shows one of several files.
 * @param {{ entry: import("./entries.js").Entry, path: string }[]} files
 * @param {number} at
 * @param {Source} [source]
 */
export function show(files, at, source = own) {
  new Preview(files, at, source).open();
}

class Preview {
  constructor(files, at, source) {
    this.files = files;
    this.at = at;
    this.source = source;
    this.isPlain = false;
    this.back = /** @type {HTMLElement | null} */ (document.activeElement);
    const many = files.length > 1;
    const quiet = "btn btn-quiet btn-icon btn-s";
    this.title = el("h2", { class: "clip", id: "preview-title" });
    this.number = el("p", { class: "cap num", "aria-live": "polite", hidden: !many });
    this.tools = el("div", { class: "preview-tools" });
    this.stage = el("div", { class: "preview-stage" });
    this.dialog = el("dialog", { class: "preview", "aria-labelledby": "preview-title" },
      el("div", { class: "preview-head" }, el("div", { class: "preview-name" }, this.title, this.number), this.tools,
        el("div", { class: "preview-moves" },
          many ? button({ icon: "left", label: t("previous"), class: quiet, act: () => this.step(-1) }) : null,
          many ? button({ icon: "right", label: t("next"), class: quiet, act: () => this.step(1) }) : null,
          button({ icon: "x", label: t("close"), class: quiet, act: () => this.dialog.close() }))),
      this.stage);
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => { if (event.target === this.stage) this.dialog.close(); });
    this.dialog.addEventListener("close", () => this.close());
    this.swipes();
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.draw();
  }

  close() {
    this.reading?.abort();
    this.stage.replaceChildren();
    this.dialog.remove();
    this.back?.focus();
  }

  key(event) {
    // Players and texts that are wider than the window have these keys themselves.
    const isTheirs = event.target instanceof HTMLMediaElement || event.target.closest("[tabindex='0']");
    if (event.altKey || event.ctrlKey || event.metaKey || isTheirs || this.files.length < 2) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -this.at, End: this.files.length - 1 - this.at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.step(step);
  }

  swipes() {
    let from = null;
    this.stage.addEventListener("pointerdown", (event) => { from = event.pointerType === "touch" && event.isPrimary && event.target.matches("img:not(.is-full)") ? event : null; });
    this.stage.addEventListener("pointercancel", () => { from = null; });
    this.stage.addEventListener("pointerup", (event) => {
      const moved = from ? event.clientX - from.clientX : 0;
      if (Math.abs(moved) > SWIPE && Math.abs(moved) > 2 * Math.abs(event.clientY - from.clientY)) this.step(moved < 0 ? 1 : -1);
      from = null;
    });
  }

  step(/** @type {number} */ by) {
    if (this.files.length < 2 || !by) return;
    this.at = (this.at + by + this.files.length) % this.files.length;
    this.isPlain = false;
    this.draw();
  }

  /** The file that is looked at now. */
  draw() {
    const { entry, path } = this.files[this.at];
    this.reading?.abort();
    this.reading = new AbortController();
    this.title.textContent = entry.name;
    this.title.title = entry.name;
    this.number.textContent = t("number_of", this.at + 1, this.files.length);
    const editor = this.source.editor(entry, path);
    this.tools.replaceChildren(...[
      editor ? el("a", { class: "btn btn-s", href: editor }, t("edit")) : null,
      el("a", { class: "btn btn-s", href: this.source.address(path) }, t("download")),
    ].filter(Boolean));
    const address = this.source.address(path, true);
    const player = (name) => el(name, { src: address, controls: true, autoplay: true, on: { error: () => this.fail() } });
    switch (preview(entry.name)) {
      case "image": return this.picture(entry, address);
      case "video": return this.stage.replaceChildren(player("video"));
      case "audio": return this.stage.replaceChildren(player("audio"));
      case "pdf": return this.stage.replaceChildren(el("iframe", { class: "preview-frame", src: address, title: entry.name }));
      default: return this.text(entry, path);
    }
  }

  /** Says that it cannot be shown, and what can be done instead. */
  fail(text = t("cannot_show")) {
    this.stage.replaceChildren(el("p", { class: "preview-note" }, text));
  }

  picture(entry, address) {
    const full = el("button", { type: "button", class: "btn btn-s", "aria-pressed": "false", hidden: true, on: { click: () => zoom() } }, t("full_size"));
    const zoom = () => {
      const isFull = picture.classList.toggle("is-full");
      this.stage.classList.toggle("is-full", isFull);
      full.setAttribute("aria-pressed", String(isFull));
    };
    const picture = el("img", { src: address, alt: entry.name, on: {
      error: () => this.fail(),
      load: () => { full.hidden = picture.naturalWidth <= picture.width && picture.naturalHeight <= picture.height; },
      dblclick: () => { if (!full.hidden) zoom(); },
    } });
    this.stage.classList.remove("is-full");
    this.stage.replaceChildren(picture);
    this.tools.prepend(full);
    const next = this.files[(this.at + 1) % this.files.length];
    if (next.path !== this.files[this.at].path) picture.addEventListener("load", () => { new Image().src = this.source.address(next.path, true); }, { once: true });
  }

  async text(entry, path) {
    const { signal } = this.reading;
    const slow = setTimeout(() => this.stage.setAttribute("aria-busy", "true"), 400);
    if (!this.stage.querySelector(".preview-text")) this.stage.replaceChildren();
    try {
      const { read, drawn, ways } = await import("./reader.2da7b6f521.js");
      const content = await read(this.source.address(path, true), entry.size, signal);
      if (signal.aborted) return;
      const draw = () => this.stage.replaceChildren(drawn(content, { entry, path, source: this.source, isPlain: this.isPlain }));
      draw();
      const offered = ways(entry.name, content);
      if (offered) this.tools.prepend(this.ways(offered, draw));
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "AbortError") this.fail(error.status === undefined && !error.isOurs ? t("cannot_show") : error.message);
    } finally {
      clearTimeout(slow);
      this.stage.removeAttribute("aria-busy");
    }
  }

  /** As it is meant to be read, or as it stands in the file. */
  ways(/** @type {string[]} */ words, /** @type {() => void} */ draw) {
    const choose = (isPlain) => {
      this.isPlain = isPlain;
      for (const [at, one] of [...box.children].entries()) one.setAttribute("aria-pressed", String((at === 1) === isPlain));
      draw();
    };
    const box = el("span", { class: "seg seg-s", role: "group", "aria-label": t("view") },
      words.map((word, at) => el("button", { type: "button", "aria-pressed": String((at === 1) === this.isPlain), on: { click: () => choose(at === 1) } }, word)));
    return box;
  }
}
