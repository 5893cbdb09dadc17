// What stands around the list: where it is, the buttons of the place, what is done with what is chosen, how full it is.

import { menu } from "./dialogs.bf399862e5.js";
import { button, el, icon } from "./dom.51beb21e1e.js";
import { size } from "./format.d9a268295b.js";
import { count, t } from "./texts.802800d9e0.js";

/** What a list is sorted by. */
const KEYS = ["name", "size", "date"];
const WORDS = { name: "name", size: "size", date: "changed" };

export class Toolbar {
  constructor(/** @type {any} */ browser) {
    this.browser = browser;
    new ResizeObserver(() => this.fit()).observe(browser.parts.bulk);
  }

  /** Title and path of the directory; without crumbs the path stays as it is. */
  heading(/** @type {{ name: string, path: string }[] | null} */ crumbs) {
    const { browser } = this;
    browser.parts.title.textContent = browser.title;
    document.title = `${browser.title} · Entrepot`;
    browser.tray?.retitle();
    if (!crumbs) return;
    const steps = crumbs.length ? [{ name: t("home"), path: "/" }, ...crumbs] : [];
    if (!steps.length) return browser.parts.crumbs.replaceChildren();
    browser.parts.crumbs.replaceChildren(el("ol", {}, steps.flatMap(({ name, path }, at) => [
      at ? el("li", { "aria-hidden": "true" }, "/") : null,
      el("li", {}, at === steps.length - 1 ? el("span", { "aria-current": "page" }, name) : el("a", { href: browser.pageAddress(path), "data-go": path }, name)),
    ])));
  }

  /** The buttons of the place: what the account may not do is not there. */
  tools() {
    const { browser } = this;
    const view = el("span", { class: "seg seg-icons", role: "group", "aria-label": t("view") },
      ["list", "grid"].map((mode) => el("button", { type: "button", "aria-pressed": String(browser.mode === mode), "aria-label": t(mode), title: t(mode), on: { click: () => browser.setMode(mode) } }, icon(mode))));
    const sorted = el("button", { type: "button", class: "btn btn-icon sort-only", "aria-haspopup": "menu", "aria-label": t("sort_by", t(WORDS[browser.by])), title: t("sort"), on: { click: (event) => this.sortMenu(event.currentTarget) } }, icon("sort"));
    browser.parts.tools.replaceChildren(...[
      browser.search.field(),
      view,
      sorted,
      button({ icon: "info", label: t("details"), class: "btn btn-icon", act: () => browser.toggleDetails() }),
      browser.may("create_dirs") ? button({ icon: "newfolder", text: t("new_folder"), class: "btn wide-only", act: () => browser.actions.newFolder() }) : null,
      browser.may("create_dirs") ? button({ icon: "newfolder", label: t("new_folder"), class: "btn btn-icon small-only", act: () => browser.actions.newFolder() }) : null,
      browser.may("upload") ? el("button", { type: "button", class: "btn btn-primary", "aria-haspopup": "menu", on: { click: (event) => this.uploadMenu(event.currentTarget) } }, icon("upload"), ` ${t("upload")}`) : null,
    ].filter(Boolean));
  }

  uploadMenu(at) {
    const { tray } = this.browser;
    menu(at, t("upload"), [
      { icon: "file", text: t("upload_files"), key: "u", act: () => tray.choose() },
      { icon: "folder", text: t("upload_folder"), act: () => tray.choose(true) },
    ]);
  }

  /** Where there are no headings to click at: in the grid, and on a telephone. */
  sortMenu(at) {
    const { browser } = this;
    const line = (text, chosen, act) => ({ icon: chosen ? "check" : "none", text, chosen, act });
    menu(at, t("sort"), [
      ...KEYS.map((by) => line(t(WORDS[by]), browser.by === by, () => browser.order(by, browser.descending))),
      null,
      line(t("ascending"), !browser.descending, () => browser.order(browser.by, false)),
      line(t("descending"), browser.descending, () => browser.order(browser.by, true)),
    ]);
  }

  /** What may be done with what is chosen. */
  bulk() {
    const { actions, parts, permissions, selection } = this.browser;
    const { chosen } = selection;
    // The keyboard moves through lists in which everything is chosen.
    const isSame = this.shown?.chosen === chosen && this.shown.size === chosen.size && this.shown.permissions === permissions;
    this.shown = { chosen, size: chosen.size, permissions };
    if (isSame) return;
    parts.bulk.hidden = chosen.size === 0;
    if (!chosen.size) return;
    const items = actions.for(selection.targets()).filter((item) => item && item.bulk !== false);
    const made = items.map((item) => item.href ? el("a", { class: "btn btn-quiet btn-s", href: item.href }, icon(item.icon, true), ` ${item.text}`) : button({ icon: item.icon, text: item.text, class: `btn btn-quiet btn-s${item.bad ? " is-bad" : ""}`, act: item.act }));
    const more = el("button", { type: "button", class: "btn btn-quiet btn-icon btn-s", "aria-haspopup": "menu", "aria-label": t("actions"), title: t("actions"), on: { click: () => menu(more, t("actions"), items.filter((_, at) => made[at].hidden)) } }, icon("more", true));
    this.chosen = { items, made, more };
    parts.bulk.replaceChildren(
      button({ icon: "x", label: t("clear"), class: "btn btn-quiet btn-icon btn-s", act: () => selection.clear() }),
      el("strong", { "aria-live": "polite" }, count("selected", selection.chosen.size)), ...made, more);
    this.fit();
  }

  /** One line, however long the words of a language are: what has no room goes into a menu, deleting last. */
  fit() {
    const { bulk } = this.browser.parts;
    if (bulk.hidden || !this.chosen) return;
    const { items, made, more } = this.chosen;
    for (const one of [...made, more]) one.hidden = false;
    const { paddingInlineEnd, columnGap } = getComputedStyle(bulk);
    const [gap, end] = [parseFloat(columnGap) || 0, bulk.clientWidth - parseFloat(paddingInlineEnd)];
    const widths = made.map((one) => one.offsetWidth + gap);
    let over = (made[0]?.offsetLeft ?? 0) + widths.reduce((sum, width) => sum + width, 0) - gap - end;
    more.hidden = over <= 0;
    if (over <= 0) return;
    over += more.offsetWidth + gap;
    const order = items.map((_, at) => at).reverse().sort((one, other) => Number(Boolean(items[one].bad)) - Number(Boolean(items[other].bad)));
    for (const at of order) {
      if (over <= 0) break;
      made[at].hidden = true;
      over -= widths[at];
    }
  }

  /** How full the account is. */
  quota(/** @type {{ used: number, limit: number } | null} */ quota) {
    const box = document.querySelector("[data-quota]");
    if (!box || !quota) return;
    const percent = quota.limit ? Math.min(100, Math.floor((quota.used / quota.limit) * 100)) : 100;
    box.querySelector("[data-quota-text]").textContent = t("storage_of", size(quota.used), size(quota.limit));
    const meter = /** @type {HTMLProgressElement} */ (box.querySelector("progress"));
    meter.value = percent;
    meter.setAttribute("aria-label", t("storage_used", percent));
    meter.classList.toggle("meter-warn", percent >= 85);
  }
}
