// Finding names: in this directory as they are typed, below it with Enter; what is found is shown while the search goes on.

import * as api from "./api.7bfcfb533b.js";
import { button, el, icon, toast } from "./dom.51beb21e1e.js";
import { fromApi, sort } from "./entries.60702f9fcc.js";
import { encode, parent, readable } from "./paths.d367a57b77.js";
import { count, t } from "./texts.802800d9e0.js";

/** Hits at most. */
const MOST = 5000;
/** Between two looks at what was found, in milliseconds. */
const PAUSE = 300;

export class Search {
  /** Whether the list shows what was found. */
  found = false;
  /** The search below, while it goes on. */
  running = /** @type {AbortController | null} */ (null);

  constructor(/** @type {any} */ browser) {
    this.browser = browser;
  }

  field() {
    this.input ??= el("input", { class: "input", type: "search", id: "search-files", placeholder: t("search_hint"), "aria-label": t("search_files"), autocomplete: "off", spellcheck: "false", on: {
      input: () => this.filter(),
      keydown: (event) => {
        if (event.key === "Escape") {
          this.stop();
          if (this.browser.shown.length) this.browser.rows.focus(0);
        } else if (event.key === "ArrowDown" && this.browser.shown.length) this.browser.rows.focus(0);
        else return;
        event.preventDefault();
      },
    } });
    this.note ??= el("p", { class: "search-note", hidden: true, role: "status" });
    return el("form", { class: "search-files", role: "search", on: { submit: (event) => { event.preventDefault(); this.below(); } } }, icon("search"), this.input);
  }

  focus() {
    this.input?.focus();
  }

  get text() {
    return this.input.value.trim();
  }

  filter() {
    const { browser } = this;
    this.running?.abort();
    if (!this.text) {
      this.stop();
      return;
    }
    const words = this.text.toLowerCase().split(/\s+/);
    this.show(browser.entries.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word))));
    this.say(button({ icon: "search", text: t("search_below"), class: "btn btn-s", act: () => this.below() }));
  }

  show(entries) {
    const { browser } = this;
    this.found = true;
    browser.shown = entries;
    browser.selection.chosen.clear();
    browser.selection.focus = 0;
    browser.display();
    browser.changed();
  }

  /** In all directories below this one. */
  async below() {
    const { browser } = this;
    if (!this.text) return;
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    const hits = [];
    let shown = 0;
    const update = () => {
      if (hits.length !== shown) this.show(sort([...hits], browser.by, browser.descending));
      shown = hits.length;
      this.say(el("span", { class: "num" }, t("searching", hits.length)), button({ icon: "stop", text: t("stop_search"), class: "btn btn-s", act: () => running.abort() }));
    };
    this.show([]);
    update();
    const timer = setInterval(update, PAUSE);
    try {
      const response = await api.send("GET", api.address("/x/search", { path: browser.path, name: encode(this.text), limit: String(MOST) }), { signal: running.signal });
      for await (const line of lines(response.body)) hits.push(hit(line));
    } catch (error) {
      if (error.name !== "AbortError") toast(error.message, { bad: true });
    }
    clearInterval(timer);
    if (this.running !== running || !this.found) return;
    this.running = null;
    if (hits.length !== shown) this.show(sort([...hits], browser.by, browser.descending));
    this.say(el("span", { class: "num" }, count("found_n", hits.length)), button({ icon: "x", text: t("clear"), class: "btn btn-s", act: () => this.stop() }));
  }

  say(...content) {
    this.note.replaceChildren(...content);
    this.note.hidden = false;
    if (!this.note.isConnected) this.browser.parts.body.before(this.note);
  }

  /** Back to the whole list. */
  stop() {
    if (this.input) this.input.value = "";
    if (!this.found) return;
    this.end();
    this.browser.shown = this.browser.entries;
    this.browser.display();
    this.browser.changed();
  }

  /** Forgets what was found; the list is another one. */
  end() {
    this.running?.abort();
    this.running = null;
    this.found = false;
    if (this.input) this.input.value = "";
    if (this.note) this.note.hidden = true;
  }
}

/** A hit has its whole path; the directory stands below its name. */
function hit(line) {
  const found = JSON.parse(line);
  const path = found.encoded_path?.replace(/%2F/gi, "/") ?? found.path.split("/").map(encode).join("/");
  return { ...fromApi(found), path, where: readable(parent(path)) };
}

/** The lines of an answer as they come. */
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield part;
  }
  if (rest) yield rest;
}
