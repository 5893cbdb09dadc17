// <upload-tray>: what is on its way to the server. It stays while one walks through directories.

import * as api from "./api.7bfcfb533b.js";
import { ask } from "./dialogs.bf399862e5.js";
import { button, el, icon, toast } from "./dom.51beb21e1e.js";
import { duration, sign, size } from "./format.d9a268295b.js";
import { encode, freeName, join, last, parent, readable } from "./paths.d367a57b77.js";
import { Queue } from "./queue.48de73521c.js";
import { fromDrop, fromField } from "./reading.cbed30c54c.js";
import { ownFiles } from "./send.9fd08d61ed.js";
import { count, t } from "./texts.802800d9e0.js";
import * as unfinished from "./unfinished.e5f6eaef4d.js";

/** Lines that are shown; of more files only the number. */
const LINES = 40;
/** Names that are asked about in one request. */
const NAMES = 5000;
/** Between two words to the server that the session is in use, in milliseconds. */
const ALIVE = 4 * 60_000;

class UploadTray extends HTMLElement {
  /** @param {{ user: string, chunk: number, browser: any }} of */
  attach({ user, chunk, browser }) {
    this.user = user;
    this.browser = browser;
    this.left = unfinished.all(user);
    this.setAttribute("aria-label", t("uploads"));
    this.setAttribute("role", "region");
    this.folded = false;
    this.queue = new Queue(ownFiles(chunk), user, {
      changed: () => this.later(),
      arrived: (item) => this.arrived(item),
      ended: () => this.ended(),
    });
    this.fields = [this.field(false), this.field(true)];
    this.drops();
    addEventListener("beforeunload", (event) => { if (this.queue.active) event.preventDefault(); });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || /** @type {Element} */ (event.target).closest("input, textarea")) return;
      event.preventDefault();
      this.take(files.map((file) => ({ file, name: file.name })), browser.path);
    });
    this.render();
  }

  field(/** @type {boolean} */ directories) {
    const field = el("input", { type: "file", class: "vh", multiple: true, tabindex: "-1", "aria-hidden": "true", id: directories ? "pick-folder" : "pick-files" });
    if (directories) field.webkitdirectory = true;
    field.addEventListener("change", () => {
      this.take(fromField(field), this.browser.path);
      field.value = "";
    });
    this.browser.append(field);
    return field;
  }

  /** Asks for files, or a folder. */
  choose(folder = false) {
    this.fields[folder ? 1 : 0].click();
  }

  drops() {
    const { browser } = this;
    let depth = 0;
    const over = (is) => browser.toggleAttribute("data-over", is);
    const usable = (event) => browser.may("upload") && event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => { if (usable(event)) { event.preventDefault(); depth += 1; over(true); } });
    addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) over(false); });
    addEventListener("dragover", (event) => { if (usable(event)) event.preventDefault(); });
    addEventListener("drop", async (event) => {
      depth = 0;
      over(false);
      if (!usable(event)) return;
      event.preventDefault();
      const index = browser.indexOf(event.target);
      const row = index >= 0 ? browser.shown[index] : null;
      const into = row?.kind === "d" ? browser.at(row) : browser.path;
      const reading = new AbortController();
      this.reading = { count: 0, stop: () => reading.abort() };
      this.render();
      const picked = await fromDrop(event.dataTransfer, (number) => { this.reading.count = number; this.later(); }, reading.signal).catch(() => []);
      this.reading = null;
      await this.take(picked, into);
      this.render();
    });
  }

  /** Files for a directory: what is in their way is asked once, before the first byte. */
  async take(/** @type {import("./reading.cbed30c54c.js").Picked[]} */ picked, /** @type {string} */ into) {
    if (!picked.length) return;
    const going = picked.flatMap(({ file }) => unfinished.match(this.left, file) ? [] : [file]);
    const resumed = picked.filter(({ file }) => !going.includes(file)).map(({ file, name }) => {
      const found = unfinished.match(this.left, file);
      return { file, name, path: found.path, url: found.url };
    });
    this.left = this.left.filter((one) => !resumed.some(({ path }) => path === one.path));
    this.queue.add(resumed);
    const fresh = picked.filter(({ file }) => going.includes(file));
    if (!fresh.length) return;
    let verdict;
    try {
      verdict = await this.check(fresh, into);
    } catch (error) {
      toast(error.message, { bad: true });
      return;
    }
    const refused = new Map(verdict.impossible.map(({ name, reason }) => [name, reason]));
    const files = fresh.filter(({ name }) => verdict.existing.some((found) => found.name === name && found.type === "2"));
    const directories = new Set(verdict.existing.filter(({ type }) => type === "1").map(({ name }) => name));
    let answer = "keep";
    if (files.length) {
      answer = await ask({
        title: count("conflict_title", files.length),
        lead: files.length === 1 ? files[0].name : t("conflict_lead", files.slice(0, 3).map(({ name }) => name).join(", ")),
        buttons: [{ value: "keep", text: t("keep_both"), class: "btn-primary" }, this.browser.may("overwrite") ? { value: "replace", text: t("replace") } : null, { value: "skip", text: t("skip") }, { value: "", text: t("cancel") }].filter(Boolean),
      });
      if (!answer) return;
    }
    const taken = new Set(verdict.existing.map(({ name }) => name));
    const items = [];
    for (const { file, name } of fresh) {
      let goal = name;
      const exists = taken.has(name);
      if (exists && !directories.has(name) && answer === "skip") continue;
      if (exists && !directories.has(name) && answer === "keep") goal = freeName(name, (other) => taken.has(other) || picked.some((one) => one.name === other));
      taken.add(goal);
      const path = goal.split("/").reduce((way, part) => join(way, encode(part)), into);
      const reason = directories.has(name) ? "folder" : refused.get(name);
      items.push({ file, name: goal, path, ...(reason ? { refused: this.reason(reason, file, verdict) } : {}) });
    }
    for (const item of items.filter(({ refused: no }) => no)) this.queue.items.push({ ...item, state: "failed", sent: 0, error: item.refused });
    this.queue.add(items.filter(({ refused: no }) => !no));
    if (this.queue.active) this.awake();
  }

  reason(reason, file, { room, largest }) {
    if (reason === "quota") return t("too_big_quota", size(file.size), size(room ?? 0));
    if (reason === "size") return t("too_big", size(file.size), size(largest ?? 0));
    return t(reason === "folder" ? "folder_in_way" : "bad_name");
  }

  async check(fresh, into) {
    const verdict = { existing: [], impossible: [], room: null, largest: null };
    for (let at = 0; at < fresh.length; at += NAMES) {
      const files = fresh.slice(at, at + NAMES).map(({ file, name }) => ({ name, size: file.size }));
      const part = await (await api.send("POST", api.address("/exist", { path: into }), { json: { files } })).json();
      verdict.existing.push(...part.existing);
      verdict.impossible.push(...part.impossible);
      verdict.room = part.room;
      verdict.largest = part.largest;
    }
    return verdict;
  }

  /** The session goes on and the screen stays on while something is on its way. */
  async awake() {
    this.beat ??= setInterval(() => { if (this.queue.active) api.send("GET", api.address("/alive")).catch(() => {}); }, ALIVE);
    try {
      this.lock ??= await navigator.wakeLock?.request("screen");
    } catch { /* without it */ }
  }

  arrived(item) {
    const here = this.browser.path === "/" ? "/" : `${this.browser.path}/`;
    if (!item.path.startsWith(here)) return;
    clearTimeout(this.refresh);
    this.refresh = setTimeout(() => this.browser.reload(), 600);
  }

  ended() {
    clearInterval(this.beat);
    this.beat = undefined;
    this.lock?.release?.();
    this.lock = undefined;
    this.queue.marks = [];
    this.render();
    if (this.queue.items.length && this.queue.items.every(({ state }) => state === "done")) {
      this.said.textContent = count("arrived_n", this.queue.items.length);
      clearTimeout(this.closing);
      this.closing = setTimeout(() => { if (!this.queue.active && this.queue.items.every(({ state }) => state === "done")) { this.queue.clear(); this.render(); } }, 8000);
    }
  }

  later() {
    if (this.frame) return;
    this.frame = setTimeout(() => { this.frame = 0; this.render(); }, 150);
  }

  retitle() {
    const bare = document.title.replace(/^\(\d+ %\) /, "");
    document.title = this.queue?.active ? `(${this.queue.percent} %) ${bare}` : bare;
  }

  render() {
    const { queue } = this;
    this.hidden = !queue.items.length && !this.left.length && !this.reading;
    this.retitle();
    if (this.hidden) return;
    if (!this.head) this.build();
    const done = queue.items.filter(({ state }) => state === "done").length;
    const failed = queue.items.filter(({ state }) => state === "failed").length;
    this.label.textContent = this.reading ? t("reading", this.reading.count) : queue.active ? t("uploading", Math.min(done + 1, queue.items.length), queue.items.length) : queue.items.length ? (failed ? count("failed_n", failed) : queue.items.some(({ state }) => state === "paused") ? t("paused") : count("arrived_n", done)) : count("unfinished_n", this.left.length);
    const rest = queue.rate > 0 ? (queue.total - queue.sent) / queue.rate : 0;
    this.speed.textContent = queue.active && queue.rate > 0 ? t("rate_left", size(queue.rate), duration(rest)) : "";
    this.meter.value = queue.percent;
    this.meter.hidden = !queue.items.length;
    this.meter.setAttribute("aria-label", t("all_uploads", queue.percent));
    const step = Math.floor(queue.percent / 10) * 10;
    if (queue.active && step !== this.step) {
      this.step = step;
      this.said.textContent = t("all_uploads", step);
    }
    this.lines();
  }

  build() {
    this.label = el("strong");
    this.speed = el("span", { class: "muted num clip" });
    this.meter = el("progress", { class: "meter", max: "100", value: "0" });
    this.said = el("p", { class: "vh", "aria-live": "polite" });
    this.list = el("ul");
    const fold = button({ icon: "down", label: t("fold"), class: "btn btn-quiet btn-icon btn-s", act: () => {
      this.folded = !this.folded;
      this.toggleAttribute("data-open", !this.folded);
      fold.setAttribute("aria-expanded", String(!this.folded));
    } });
    fold.setAttribute("aria-expanded", "true");
    this.toggleAttribute("data-open", true);
    this.head = el("div", { class: "tray-head" }, el("div", { class: "row-apart" }, this.label, el("span", { class: "row nowrap" }, this.speed, fold, button({ icon: "x", label: t("stop_all"), class: "btn btn-quiet btn-icon btn-s", act: () => this.stopAll() }))), this.meter);
    this.append(this.head, this.list, this.said);
  }

  async stopAll() {
    if (this.reading) this.reading.stop();
    if (this.queue.active && (await ask({ title: t("stop_title"), lead: t("stop_lead"), buttons: [{ value: "yes", text: t("stop_all"), class: "btn-danger-solid" }, { value: "", text: t("go_on") }] })) !== "yes") return;
    for (const item of [...this.queue.items]) this.queue.drop(item);
    for (const one of this.left) unfinished.forget(this.user, one.path);
    this.left = [];
    this.render();
  }

  lines() {
    const rank = { sending: 0, failed: 1, paused: 2, waiting: 3, done: 4 };
    const shown = [...this.queue.items].sort((one, other) => rank[one.state] - rank[other.state]).slice(0, LINES);
    const more = this.queue.items.length - shown.length;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    this.list.replaceChildren(
      ...this.left.map((one) => this.unfinishedLine(one)),
      ...shown.map((item) => this.line(item)),
      ...(more > 0 ? [el("li", { class: "upl-more muted" }, count("more_files", more))] : []));
    if (focused) [...this.list.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === focused)?.focus();
  }

  line(item) {
    const { state, file } = item;
    const name = readable(last(item.path));
    const percent = file.size ? Math.floor((item.sent / file.size) * 100) : 0;
    const act = { sending: ["pause", t("pause_of", name), () => this.queue.pause(item)], waiting: ["x", t("remove_of", name), () => this.queue.drop(item)], paused: ["play", t("resume_of", name), () => this.queue.resume(item)], failed: ["refresh", t("retry_of", name), () => this.queue.resume(item)], done: ["x", t("clear_of", name), () => this.queue.drop(item)] }[state];
    const note = { done: () => el("span", { class: "state cap is-ok" }, icon("ok", true), t("arrived_whole")), failed: () => el("span", { class: "state cap is-bad wrap" }, icon("bad", true), item.error), paused: () => el("span", { class: "state cap is-off" }, icon("pause", true), t("paused")), waiting: () => el("span", { class: "cap muted" }, t("waiting")),
      sending: () => item.stalled ? el("span", { class: "state cap is-warn" }, icon("warn", true), t("stalled")) : el("progress", { class: "meter", max: "100", value: String(percent), "aria-label": `${name}: ${percent} %` }) }[state]();
    return el("li", { class: "upl" }, el("span", { class: "fi", "aria-hidden": "true" }, sign(name)),
      el("span", { class: "row-apart nowrap" }, el("span", { class: "clip", title: readable(item.path) }, name), el("span", { class: "sub num" }, state === "sending" ? t("percent_of", percent, size(file.size)) : size(file.size))),
      button({ icon: act[0], label: act[1], class: "btn btn-quiet btn-icon btn-s", act: act[2] }), el("span", {}, note));
  }

  unfinishedLine(one) {
    return el("li", { class: "upl" }, el("span", { class: "fi", "aria-hidden": "true" }, sign(one.name)),
      el("span", { class: "row-apart nowrap" }, el("span", { class: "clip", title: readable(one.path) }, one.name), el("span", { class: "sub num" }, size(one.size))),
      button({ icon: "x", label: t("remove_of", one.name), class: "btn btn-quiet btn-icon btn-s", act: () => {
        api.send("DELETE", one.url, { headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {});
        unfinished.forget(this.user, one.path);
        this.left = this.left.filter((other) => other !== one);
        this.render();
      } }),
      el("span", { class: "row" }, el("span", { class: "cap muted" }, t("unfinished_in", parent(one.path) === "/" ? t("home") : readable(last(parent(one.path))))), button({ icon: "upload", text: t("choose_again"), class: "btn btn-s", act: () => this.choose() })));
  }
}

customElements.define("upload-tray", UploadTray);
