// <file-browser>: the list of a directory. It begins with the rows that the server made and takes over from there.

import { Actions } from "./actions.eb361e4fb6.js";
import * as api from "./api.7bfcfb533b.js";
import { showDetails } from "./details.0bbfb40f28.js";
import { menu } from "./dialogs.bf399862e5.js";
import { button, el, icon, setSprite, toast } from "./dom.51beb21e1e.js";
import { fromApi, fromRow, sort } from "./entries.60702f9fcc.js";
import { preview, size } from "./format.d9a268295b.js";
import { commands } from "./keys.8dcbb03eb5.js";
import { join, last, parent, readable } from "./paths.d367a57b77.js";
import { listen } from "./pointer.e8cc0c84fb.js";
import { Rows } from "./rows.707a24723f.js";
import { Search } from "./search.df7f31f083.js";
import { Selection } from "./selection.13e803ce36.js";
import { count, t } from "./texts.802800d9e0.js";
import { Toolbar } from "./toolbar.a2a0bb6c63.js";

/** @typedef {import("./entries.60702f9fcc.js").Entry} Entry */

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
    this.toolbar = new Toolbar(this);
    this.tray = this.querySelector("upload-tray");
    this.tray?.attach({ user, chunk: Number(chunk), browser: this });
    this.toolbar.tools();
    listen(this);
    narrow.addEventListener("change", () => { if (narrow.matches && this.detailsOpen) { this.detailsOpen = false; this.updatePanel(); } });
    document.addEventListener("palette", (event) => /** @type {CustomEvent} */ (event).detail.push(...commands(this)));
    if (this.dataset.problem !== undefined) return;
    // A link to one of the entries.
    const focus = /[?&]show=([^&]*)/.exec(location.search)?.[1];
    if (Number(this.dataset.total) > this.entries.length) this.load(this.path, { replace: true, focus });
    else if (this.entries.length) this.display();
    if (focus) this.reveal(focus);
    this.updatePanel();
  }

  /** Chooses the entry of that encoded name, and brings it into view. */
  reveal(/** @type {string} */ enc) {
    const index = this.shown.findIndex((entry) => entry.enc === enc);
    if (index < 0) return;
    this.selection.only(index);
    this.rows.focus(index);
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
      this.toolbar.heading(facts.crumbs);
      this.toolbar.tools();
      this.display();
      this.toolbar.quota(facts.quota);
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
    this.toolbar.heading(null);
    this.toolbar.tools();
    this.changed();
    this.parts.foot.textContent = "";
    this.parts.body.replaceChildren(el("div", { class: "empty" }, icon("warn"), el("h2", {}, t("not_shown")), el("p", {}, error.message),
      error.status === 401 ? el("a", { class: "btn", href: api.signInAddress() }, t("sign_in")) : button({ icon: "refresh", text: t("try_again"), act: () => this.load(path) })));
  }

  sort() {
    sort(this.entries, this.by, this.descending);
    this.shown = this.entries;
  }

  /** By a column; by the other end of it where it is that column already. */
  sortBy(/** @type {string} */ by) {
    this.order(by, this.by === by && !this.descending);
  }

  order(/** @type {string} */ by, /** @type {boolean} */ descending) {
    this.by = by;
    this.descending = descending;
    history.replaceState({}, "", this.pageAddress(this.path));
    const entry = this.shown[this.selection.focus];
    if (this.search.found) sort(this.shown, by, descending);
    else this.sort();
    this.selection.focus = Math.max(0, this.shown.indexOf(entry));
    this.toolbar.tools();
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

  setMode(mode) {
    this.mode = mode;
    localStorage.setItem("entrepot-view", mode);
    this.toolbar.tools();
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
    this.toolbar.bulk();
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

  /** Opens an entry: a directory is gone to, a file is shown, or downloaded. */
  open(/** @type {Entry} */ entry) {
    if (entry.kind === "d") {
      this.go(this.at(entry), { focus: "" });
      return;
    }
    if (!this.may("download")) return;
    const kind = preview(entry.name);
    if (kind === null || (kind === "pdf" && !navigator.pdfViewerEnabled)) location.assign(this.isOffice(entry) ? this.officeAddress(entry) : api.fileAddress(this.at(entry)));
    else this.look(entry, kind);
  }

  /** Shows a file, with the others of its kind before and after it. */
  async look(/** @type {Entry} */ entry, /** @type {string} */ kind) {
    const others = this.shown.filter((other) => other.kind !== "d" && preview(other.name) === kind);
    try {
      const { show } = await import("./preview.fd4df36b1e.js");
      show(others.map((other) => ({ entry: other, path: this.at(other) })), others.indexOf(entry));
    } catch {
      this.refused(api.refusal(0, ""));
    }
  }

  up() {
    if (this.path !== "/") this.go(parent(this.path), { focus: last(this.path) });
  }

  indexOf(/** @type {EventTarget} */ target) {
    const row = /** @type {Element} */ (target).closest?.("[data-index]");
    return row && this.parts.body.contains(row) ? Number(row.dataset.index) : -1;
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
