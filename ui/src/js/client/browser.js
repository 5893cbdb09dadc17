// <file-browser>: the list of a directory. It begins with the rows that the server made and takes over from there.

import { Actions } from "./actions.js";
import * as api from "./api.js";
import { showDetails } from "./details.js";
import { menu } from "./dialogs.js";
import { button, el, icon, setSprite, toast } from "./dom.js";
import { fromApi, fromRow, sort } from "./entries.js";
import { preview, size } from "./format.js";
import { keyDown } from "./keys.js";
import { join, last, parent, readable } from "./paths.js";
import { show as showPreview } from "./preview.js";
import { Rows } from "./rows.js";
import { Search } from "./search.js";
import { Selection } from "./selection.js";
import { count, t } from "./texts.js";

/** @typedef {import("./entries.js").Entry} Entry */

/** How long a finger rests to choose, in milliseconds. */
const LONG_PRESS = 500;
/** Where the panel of the details has no room beside the list. */
const narrow = matchMedia("(max-width: 60rem)");

class FileBrowser extends HTMLElement {
  connectedCallback() {
    const { path, may, sort: by, order, token, icons, user, chunk, office } = this.dataset;
    setSprite(icons);
    api.setToken(token);
    this.path = path;
    this.by = by;
    this.descending = order === "desc";
    this.permissions = new Set(may.split(" "));
    this.office = new Set((office ?? "").split(" ").filter(Boolean));
    this.mode = localStorage.getItem("entrepot-view") === "grid" ? "grid" : "list";
    this.detailsOpen = !narrow.matches && localStorage.getItem("entrepot-details") === "open";
    this.parts = Object.fromEntries([...this.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.panel = document.getElementById("details");
    document.getElementById("toasts").dataset.dismiss = t("close");
    this.entries = [...this.querySelectorAll("tr[data-name]")].map(fromRow);
    this.shown = this.entries;
    this.selection = new Selection(() => this.shown, () => this.changed());
    this.rows = new Rows(this.parts.body, {
      href: (entry) => this.href(entry),
      picture: (entry) => api.fileAddress(this.at(entry), true),
      isChosen: (entry) => this.selection.chosen.has(entry),
      focus: () => this.selection.focus,
      header: () => this.header(),
      label: () => t("files_in", this.title),
    });
    this.actions = new Actions(this);
    this.search = new Search(this);
    this.tray = this.querySelector("upload-tray");
    this.tray?.attach({ user, chunk: Number(chunk), browser: this });
    this.tools();
    this.listen();
    narrow.addEventListener("change", () => { if (narrow.matches && this.detailsOpen) { this.detailsOpen = false; this.updatePanel(); } });
    if (this.dataset.problem !== undefined) return;
    if (Number(this.dataset.total) > this.entries.length) this.load(this.path, { replace: true });
    else if (this.entries.length) this.display();
    this.updatePanel();
  }

  /** Whether the account may do that here. */
  may(/** @type {string} */ what) {
    return this.permissions.has(what);
  }

  at(/** @type {Entry} */ entry) {
    return entry.path ?? join(this.path, entry.enc);
  }

  get title() {
    return this.path === "/" ? t("home") : readable(last(this.path));
  }

  pageAddress(/** @type {string} */ path) {
    const order = this.by === "name" && !this.descending ? "" : `&sort=${this.by}&order=${this.descending ? "desc" : "asc"}`;
    return `/web/client/files?path=${path}${order}`;
  }

  /** Whether the office server takes it. */
  isOffice(/** @type {Entry} */ entry) {
    return entry.kind !== "d" && this.office.has(entry.name.slice(entry.name.lastIndexOf(".") + 1).toLowerCase());
  }

  officeAddress(/** @type {Entry} */ entry) {
    return `/web/client/office?path=${this.at(entry)}`;
  }

  href(entry) {
    if (entry.kind === "d") return this.pageAddress(this.at(entry));
    if (this.may("download") && preview(entry.name) === null && this.isOffice(entry)) return this.officeAddress(entry);
    return this.may("download") ? api.fileAddress(this.at(entry)) : null;
  }

  /** Goes to a directory; pages before it stay in the history of the browser. */
  async go(/** @type {string} */ path, /** @type {{ push?: boolean, focus?: string }} */ { push = true, focus } = {}) {
    if (push) history.pushState({}, "", this.pageAddress(path));
    await this.load(path, { focus });
    scrollTo(0, 0);
  }

  /** Reads a directory anew. `replace` keeps what is chosen. */
  async load(/** @type {string} */ path, /** @type {{ replace?: boolean, focus?: string }} */ { replace = false, focus } = {}) {
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const slow = setTimeout(() => this.parts.body.setAttribute("aria-busy", "true"), 400);
    try {
      const [found, facts] = await Promise.all([api.list(path, request.signal), api.facts(path, request.signal)]);
      const chosen = new Set(replace ? [...this.selection.chosen].map(({ enc }) => enc) : []);
      const focused = replace ? this.shown[this.selection.focus]?.enc : undefined;
      this.path = path;
      this.permissions = new Set(facts.may);
      this.entries = found.map(fromApi);
      this.search.end();
      this.sort();
      this.selection.chosen = new Set(this.entries.filter(({ enc }) => chosen.has(enc)));
      const at = this.shown.findIndex(({ enc }) => enc === (focus ?? focused));
      this.selection.focus = Math.max(0, at);
      this.selection.anchor = this.selection.focus;
      this.heading(facts.crumbs);
      this.tools();
      this.display();
      this.quota(facts.quota);
      this.changed();
      if (focus !== undefined) this.rows.focus(this.selection.focus);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (replace) this.refused(error);
      else this.failed(path, error);
    } finally {
      clearTimeout(slow);
      this.parts.body.removeAttribute("aria-busy");
    }
  }

  /** The same directory again, after a change. */
  reload(/** @type {string | undefined} */ focus) {
    return this.load(this.path, { replace: true, focus });
  }

  /** Says why something was not done; where the session has ended, with the way back in. */
  refused(error) {
    toast(error.message, { bad: true, action: error.status === 401 ? { text: t("sign_in"), act: () => location.assign(api.signInAddress()) } : undefined });
  }

  failed(path, error) {
    this.path = path;
    this.entries = [];
    this.shown = [];
    this.permissions = new Set();
    this.heading(null);
    this.tools();
    this.changed();
    this.parts.foot.textContent = "";
    this.parts.body.replaceChildren(el("div", { class: "empty" }, icon("warn"), el("h2", {}, t("not_shown")), el("p", {}, error.message),
      error.status === 401 ? el("a", { class: "btn", href: api.signInAddress() }, t("sign_in")) : button({ icon: "refresh", text: t("try_again"), act: () => this.load(path) })));
  }

  sort() {
    sort(this.entries, this.by, this.descending);
    this.shown = this.entries;
  }

  sortBy(/** @type {string} */ by) {
    this.descending = this.by === by && !this.descending;
    this.by = by;
    history.replaceState({}, "", this.pageAddress(this.path));
    const entry = this.shown[this.selection.focus];
    if (this.search.found) sort(this.shown, by, this.descending);
    else this.sort();
    this.selection.focus = Math.max(0, this.shown.indexOf(entry));
    this.display();
  }

  /** The list as it is now. */
  display() {
    const { body, foot } = this.parts;
    this.grid = this.mode === "grid";
    this.classList.toggle("is-grid", this.grid);
    if (this.shown.length) this.rows.show(this.shown, this.mode);
    else {
      this.rows.body = null;
      body.replaceChildren(this.search.found ? el("div", { class: "empty" }, icon("search"), el("h2", {}, t("nothing_found"))) : this.emptyNote());
    }
    const directories = this.shown.filter(({ kind }) => kind === "d").length;
    const bytes = this.shown.reduce((sum, entry) => sum + entry.size, 0);
    foot.textContent = this.shown.length ? `${count("folders_n", directories)}, ${count("files_n", this.shown.length - directories)}, ${size(bytes)}` : "";
  }

  emptyNote() {
    const facade = document.getElementById("empty-picture");
    return el("div", { class: "empty" }, facade ? facade.content.cloneNode(true) : icon("folder"), el("h2", {}, t("empty")),
      this.may("upload") ? el("p", {}, t("empty_hint")) : null,
      this.may("upload") ? button({ icon: "upload", text: t("upload"), class: "btn btn-primary", act: () => this.tray.choose() }) : null);
  }

  header() {
    const all = el("input", { class: "box", type: "checkbox", "aria-label": t("select_all"), on: { change: () => (all.checked ? this.selection.all() : this.selection.clear()) } });
    this.allBox = all;
    const column = (by, text, look) => {
      const sorted = this.by === by;
      return el("th", { scope: "col", class: look, "aria-sort": sorted ? (this.descending ? "descending" : "ascending") : null },
        el("a", { class: "sort", href: this.pageAddress(this.path), "data-sort": by }, `${text} `, sorted ? icon(this.descending ? "arrdown" : "arrup", true) : null));
    };
    return el("thead", {}, el("tr", { "aria-rowindex": 1 }, el("th", { scope: "col", class: "c-box" }, all), column("name", t("name"), null), column("size", t("size"), "end c-size"), column("date", t("changed"), "c-date"),
      el("th", { scope: "col", class: "c-more" }, el("span", { class: "vh" }, t("actions")))));
  }

  heading(crumbs) {
    this.parts.title.textContent = this.title;
    document.title = `${this.title} · Entrepot`;
    this.tray?.retitle();
    if (!crumbs) return;
    const steps = crumbs.length ? [{ name: t("home"), path: "/" }, ...crumbs] : [];
    this.parts.crumbs.replaceChildren(el("ol", {}, steps.flatMap(({ name, path }, at) => [
      at ? el("li", { "aria-hidden": "true" }, "/") : null,
      el("li", {}, at === steps.length - 1 ? el("span", { "aria-current": "page" }, name) : el("a", { href: this.pageAddress(path), "data-go": path }, name)),
    ])));
    if (!steps.length) this.parts.crumbs.replaceChildren();
  }

  /** The buttons of the place: what the account may not do is not there. */
  tools() {
    const view = el("span", { class: "seg seg-icons", role: "group", "aria-label": t("view") },
      ["list", "grid"].map((mode) => el("button", { type: "button", "aria-pressed": String(this.mode === mode), "aria-label": t(mode), title: t(mode), on: { click: () => this.setMode(mode) } }, icon(mode))));
    this.parts.tools.replaceChildren(...[
      this.search.field(),
      view,
      button({ icon: "info", label: t("details"), class: "btn btn-icon", act: () => this.toggleDetails() }),
      this.may("create_dirs") ? button({ icon: "newfolder", text: t("new_folder"), class: "btn wide-only", act: () => this.actions.newFolder() }) : null,
      this.may("create_dirs") ? button({ icon: "newfolder", label: t("new_folder"), class: "btn btn-icon small-only", act: () => this.actions.newFolder() }) : null,
      this.may("upload") ? el("button", { type: "button", class: "btn btn-primary", "aria-haspopup": "menu", on: { click: (event) => this.uploadMenu(event.currentTarget) } }, icon("upload"), ` ${t("upload")}`) : null,
    ].filter(Boolean));
  }

  uploadMenu(at) {
    menu(at, t("upload"), [
      { icon: "file", text: t("upload_files"), key: "u", act: () => this.tray.choose() },
      { icon: "folder", text: t("upload_folder"), act: () => this.tray.choose(true) },
    ]);
  }

  setMode(mode) {
    this.mode = mode;
    localStorage.setItem("entrepot-view", mode);
    this.tools();
    this.display();
  }

  /** After the choice changed. */
  changed() {
    if (!this.rows) return;
    this.rows.mark();
    const { chosen } = this.selection;
    if (this.allBox) {
      this.allBox.checked = chosen.size > 0 && chosen.size === this.shown.length;
      this.allBox.indeterminate = chosen.size > 0 && chosen.size < this.shown.length;
    }
    this.parts.bulk.hidden = chosen.size === 0;
    if (chosen.size) {
      const items = this.actions.for(this.selection.targets());
      this.parts.bulk.replaceChildren(button({ icon: "x", label: t("clear"), class: "btn btn-quiet btn-icon btn-s", act: () => this.selection.clear() }), el("strong", { "aria-live": "polite" }, count("selected", chosen.size)),
        ...items.filter((item) => item && item.bulk !== false).map((item) => item.href ? el("a", { class: "btn btn-quiet btn-s", href: item.href }, icon(item.icon, true), ` ${item.text}`) : button({ icon: item.icon, text: item.text, class: `btn btn-quiet btn-s${item.bad ? " is-bad" : ""}`, act: item.act })));
    }
    this.updatePanel();
  }

  toggleDetails(open = !this.detailsOpen) {
    this.detailsOpen = open;
    // On a small screen the panel lies over the list: it is for the moment.
    if (!narrow.matches) localStorage.setItem("entrepot-details", open ? "open" : "closed");
    this.updatePanel();
    this.rows.measured = false;
    this.rows.update();
  }

  updatePanel() {
    this.panel.hidden = !this.detailsOpen;
    this.panel.toggleAttribute("data-open", this.detailsOpen);
    this.closest("main").classList.toggle("main-files-wide", !this.detailsOpen);
    if (!this.detailsOpen) return;
    showDetails(this.panel, [...this.selection.chosen], { path: (entry) => this.at(entry), may: (what) => this.may(what), close: () => this.toggleDetails(false) });
  }

  quota(quota) {
    const box = document.querySelector("[data-quota]");
    if (!box || !quota) return;
    const percent = quota.limit ? Math.min(100, Math.floor((quota.used / quota.limit) * 100)) : 100;
    box.querySelector("[data-quota-text]").textContent = t("storage_of", size(quota.used), size(quota.limit));
    const meter = box.querySelector("progress");
    meter.value = percent;
    meter.setAttribute("aria-label", t("storage_used", percent));
    meter.classList.toggle("meter-warn", percent >= 85);
  }

  /** Opens an entry: a directory is gone to, a file is shown, or downloaded. */
  open(/** @type {Entry} */ entry) {
    if (entry.kind === "d") {
      this.go(this.at(entry), { focus: "" });
      return;
    }
    if (!this.may("download")) return;
    const kind = preview(entry.name);
    if (kind === "pdf") window.open(api.fileAddress(this.at(entry), true), "_blank", "noopener");
    else if (kind === null) location.assign(this.isOffice(entry) ? this.officeAddress(entry) : api.fileAddress(this.at(entry)));
    else {
      const others = kind === "image" ? this.shown.filter((other) => other.kind !== "d" && preview(other.name) === "image") : [entry];
      showPreview(others.map((other) => ({ entry: other, path: this.at(other) })), others.indexOf(entry));
    }
  }

  up() {
    if (this.path !== "/") this.go(parent(this.path), { focus: last(this.path) });
  }

  indexOf(/** @type {EventTarget} */ target) {
    const row = /** @type {Element} */ (target).closest?.("[data-index]");
    return row && this.parts.body.contains(row) ? Number(row.dataset.index) : -1;
  }

  listen() {
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => keyDown(this, event));
    document.addEventListener("keydown", (event) => {
      if (event.target === document.body) keyDown(this, event);
    });
    this.addEventListener("contextmenu", (event) => {
      const index = this.indexOf(event.target);
      if (index < 0 || event.target.closest("a, input")) return;
      event.preventDefault();
      if (!this.selection.chosen.has(this.shown[index])) this.selection.only(index);
      this.entryMenu(index, event.target.closest("[data-index]"));
    });
    let timer = 0;
    const stop = () => clearTimeout(timer);
    this.addEventListener("pointerdown", (event) => {
      const index = this.indexOf(event.target);
      if (event.pointerType !== "touch" || index < 0) return;
      timer = setTimeout(() => {
        this.pressed = true;
        this.selection.toggle(index);
      }, LONG_PRESS);
    });
    for (const end of ["pointerup", "pointercancel", "pointermove"]) this.addEventListener(end, stop);
    addEventListener("popstate", () => {
      const query = new URLSearchParams(location.search);
      this.by = query.get("sort") || "name";
      this.descending = query.get("order") === "desc";
      const path = /[?&]path=([^&]*)/.exec(location.search)?.[1] || "/";
      this.load(path.replace(/%2F/gi, "/"));
    });
  }

  clicked(event) {
    const { target } = event;
    if (this.pressed) {
      this.pressed = false;
      event.preventDefault();
      return;
    }
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    const go = target.closest("[data-go]");
    const by = target.closest("a[data-sort]");
    const todo = target.closest("[data-do]");
    if (plain && (go || by || todo)) {
      event.preventDefault();
      if (go) this.go(go.dataset.go, { focus: "" });
      else if (by) this.sortBy(by.dataset.sort);
      else if (todo.dataset.do === "upload") this.tray.choose();
      else this.actions.newFolder();
      return;
    }
    const index = this.indexOf(target);
    if (index < 0) return;
    if (target.closest("[data-more]")) {
      this.selection.moveTo(index);
      this.entryMenu(index, target.closest("[data-more]"));
      return;
    }
    if (target.matches("input.box")) {
      if (event.shiftKey) this.selection.reach(index);
      else this.selection.toggle(index);
      return;
    }
    if (target.closest("input")) return;
    if (event.shiftKey) {
      event.preventDefault();
      this.selection.reach(index);
    } else if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.selection.toggle(index);
    } else if (target.closest("a.name") || this.grid || matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      this.selection.moveTo(index);
      this.open(this.shown[index]);
    } else this.selection.only(index);
    this.rows.made.get(index)?.focus({ preventScroll: true });
  }

  entryMenu(index, at) {
    const entry = this.shown[index];
    const targets = this.selection.chosen.has(entry) ? this.selection.targets() : [entry];
    const items = this.actions.for(targets);
    if (targets.length === 1) items.unshift({ icon: entry.kind === "d" ? "folder" : "eye", text: t("open"), key: "Enter", act: () => this.open(entry) });
    menu(at, t("actions"), items);
  }
}

customElements.define("file-browser", FileBrowser);
