// The keyboard in the list. What browsers use themselves (find, save, print) is left to them.

import { ask } from "./dialogs.bf399862e5.js";
import { el } from "./dom.51beb21e1e.js";
import { t } from "./texts.802800d9e0.js";

/** @param {any} browser @param {KeyboardEvent} event */
export function keyDown(browser, event) {
  const { target } = event;
  if (event.defaultPrevented || (/** @type {Element} */ (target).closest("input:not(.box), textarea, select, dialog, [role=menu]"))) return;
  const command = event.ctrlKey || event.metaKey;
  const act = command ? withCommand(browser, event.key.toLowerCase()) : moving(browser, event) || plain(browser, event);
  if (!act) return;
  event.preventDefault();
  act();
}

function withCommand(browser, key) {
  return {
    a: () => browser.selection.all(),
    c: () => browser.actions.keep("copy"),
    x: () => browser.actions.keep("move"),
    v: browser.actions.kept ? () => browser.actions.paste() : null,
  }[key];
}

function moving(browser, event) {
  const { selection, rows } = browser;
  const across = browser.grid ? rows.columns : 1;
  const ends = browser.shown.length - 1;
  const step = {
    ArrowDown: across, ArrowUp: -across, PageDown: rows.page?.() ?? 10, PageUp: -(rows.page?.() ?? 10), Home: -Infinity, End: Infinity,
    ArrowRight: browser.grid ? 1 : undefined, ArrowLeft: browser.grid ? -1 : undefined,
  }[event.key];
  if (step === undefined || event.altKey || ends < 0) return null;
  return () => {
    const inside = browser.parts.body.contains(document.activeElement);
    const to = inside || Math.abs(step) > 1 ? Math.max(0, Math.min(ends, selection.focus + step)) : selection.focus;
    if (event.shiftKey) selection.reach(to);
    else selection.moveTo(to);
    rows.focus(to);
  };
}

/** Letters alone do something, unless that is switched off on the page "Me" (WCAG 2.1.4). */
const isOn = () => localStorage.getItem("entrepot-keys") !== "off";

function plain(browser, event) {
  if (event.altKey) return event.key === "ArrowUp" ? () => browser.up() : null;
  const { selection, actions } = browser;
  const entry = browser.shown[selection.focus];
  const onRow = browser.parts.body.contains(document.activeElement);
  const onControl = /** @type {Element} */ (event.target).closest("a, button");
  const keys = {
    " ": onRow && !onControl && entry ? () => selection.toggle(selection.focus) : null,
    Enter: onRow && !onControl && entry ? () => browser.open(entry) : null,
    Backspace: () => browser.up(),
    F2: entry ? () => actions.rename(entry) : null,
    Delete: entry ? () => actions.remove(selection.targets()) : null,
    Escape: selection.chosen.size || browser.search.found ? () => { selection.clear(); browser.search.stop(); } : null,
    ContextMenu: onRow && entry ? () => browser.entryMenu(selection.focus, browser.rows.made.get(selection.focus)) : null,
  };
  if (event.shiftKey && event.key === "F10") return keys.ContextMenu;
  return keys[event.key] ?? (isOn() ? letter(browser, event.key, entry) : null);
}

function letter(browser, key, entry) {
  const { selection, actions } = browser;
  return {
    n: browser.may("create_dirs") ? () => actions.newFolder() : null,
    u: browser.may("upload") ? () => browser.tray.choose() : null,
    s: entry && browser.may("share") ? () => actions.share(selection.targets()) : null,
    i: () => browser.toggleDetails(),
    g: () => browser.setMode(browser.grid ? "list" : "grid"),
    "/": () => browser.search.focus(),
    "?": help,
  }[key];
}

/** What can be done here, for the palette of Ctrl K: first with what is chosen, then with the directory. */
export function commands(/** @type {any} */ browser) {
  const { actions, selection } = browser;
  const chosen = selection.chosen.size ? actions.for(selection.targets()).filter(Boolean) : [];
  return [
    ...chosen,
    browser.may("create_dirs") ? { icon: "newfolder", text: t("new_folder"), key: "n", act: () => actions.newFolder() } : null,
    browser.may("upload") ? { icon: "upload", text: t("upload_files_to"), key: "u", act: () => browser.tray.choose() } : null,
    browser.may("upload") ? { icon: "upload", text: t("upload_folder_to"), act: () => browser.tray.choose(true) } : null,
    { icon: "check", text: t("select_all"), key: "Ctrl A", act: () => selection.all() },
    { icon: browser.grid ? "list" : "grid", text: t(browser.grid ? "list" : "grid"), key: "g", act: () => browser.setMode(browser.grid ? "list" : "grid") },
    { icon: "info", text: t("details"), key: "i", act: () => browser.toggleDetails() },
    { icon: "search", text: t("search_files"), key: "/", act: () => browser.search.focus() },
    { icon: "help", text: t("keys"), key: "?", act: help },
  ].filter(Boolean);
}

function help() {
  const lines = [["↑ ↓ Home End", "key_move"], ["Space", "key_select"], ["Shift ↑ ↓", "key_extend"], ["Ctrl A", "key_all"], ["Enter", "key_open"], ["Backspace", "key_parent"], ["F2", "key_rename"], ["Del", "key_delete"],
    ["Ctrl C X V", "key_paste"], ["Ctrl K", "key_palette"], ["n", "key_new"], ["u", "key_upload"], ["s", "key_share"], ["i", "key_details"], ["g", "key_view"], ["/", "key_search"], ["Esc", "key_clear"]];
  const shown = isOn() ? lines : lines.filter(([key]) => !/^[a-z/]$/.test(key));
  ask({ title: t("keys"), content: [el("dl", { class: "facts keys" }, shown.flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, t(text))]))], buttons: [{ value: "", text: t("close") }] });
}
