// Mouse, fingers and the history of the browser: what they mean in the list.

import { keyDown } from "./keys.8dcbb03eb5.js";

/** How long a finger rests to choose, in milliseconds. */
const LONG_PRESS = 500;
const coarse = matchMedia("(pointer: coarse)");

/** The place of a pointer, for a menu. */
const point = (/** @type {MouseEvent} */ { clientX, clientY }) => ({ getBoundingClientRect: () => new DOMRect(clientX, clientY, 0, 0) });

/** Listens for a browser of files. */
export function listen(/** @type {any} */ browser) {
  browser.addEventListener("click", (event) => clicked(browser, event));
  browser.addEventListener("keydown", (event) => keyDown(browser, event));
  document.addEventListener("keydown", (event) => {
    if (event.target === document.body) keyDown(browser, event);
  });
  browser.addEventListener("contextmenu", (event) => {
    const index = browser.indexOf(event.target);
    if (index < 0 || event.target.closest("input")) return;
    // A finger that rests chooses; a link has a menu of the browser, which Shift brings everywhere.
    if (event.pointerType === "touch") return event.preventDefault();
    if (event.shiftKey) return;
    event.preventDefault();
    if (!browser.selection.chosen.has(browser.shown[index])) browser.selection.only(index);
    browser.entryMenu(index, point(event));
  });
  pressing(browser);
  addEventListener("popstate", () => {
    const query = new URLSearchParams(location.search);
    browser.by = query.get("sort") || "name";
    browser.descending = query.get("order") === "desc";
    const path = /[?&]path=([^&]*)/.exec(location.search)?.[1] || "/";
    browser.load(path.replace(/%2F/gi, "/"));
  });
}

function pressing(browser) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  browser.addEventListener("pointerdown", (event) => {
    const index = browser.indexOf(event.target);
    browser.pressed = false;
    if (event.pointerType !== "touch" || index < 0 || event.target.closest("button, input")) return;
    timer = setTimeout(() => {
      browser.pressed = true;
      browser.selection.toggle(index);
    }, LONG_PRESS);
  });
  for (const end of ["pointerup", "pointercancel", "pointermove"]) browser.addEventListener(end, stop);
}

function clicked(browser, event) {
  const { target } = event;
  if (browser.pressed) {
    browser.pressed = false;
    event.preventDefault();
    return;
  }
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  const go = target.closest("[data-go]");
  const by = target.closest("a[data-sort]");
  const todo = target.closest("[data-do]");
  if (plain && (go || by || todo)) {
    event.preventDefault();
    if (go) browser.go(go.dataset.go, { focus: "" });
    else if (by) browser.sortBy(by.dataset.sort);
    else if (todo.dataset.do === "upload") browser.tray.choose();
    else browser.actions.newFolder();
    return;
  }
  const index = browser.indexOf(target);
  if (index >= 0) clickedEntry(browser, event, index);
}

function clickedEntry(browser, event, index) {
  const { target } = event;
  const { selection } = browser;
  const more = target.closest("[data-more]");
  if (more) {
    selection.moveTo(index);
    browser.entryMenu(index, more);
    return;
  }
  if (target.matches("input.box")) {
    if (event.shiftKey) selection.reach(index);
    else selection.toggle(index);
    return;
  }
  if (target.closest("input")) return;
  const choosing = coarse.matches && selection.chosen.size > 0;
  if (event.shiftKey) {
    event.preventDefault();
    selection.reach(index);
  } else if (event.ctrlKey || event.metaKey || choosing) {
    event.preventDefault();
    selection.toggle(index);
  } else if (target.closest("a.name") || browser.grid || coarse.matches) {
    event.preventDefault();
    selection.moveTo(index);
    browser.open(browser.shown[index]);
  } else selection.only(index);
  browser.rows.made.get(index)?.focus({ preventScroll: true });
}
