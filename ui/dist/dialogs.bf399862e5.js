// Questions in native dialogs, and menus. Each answers a promise; closing is an answer as well.

import { signInAddress } from "./api.7bfcfb533b.js";
import { button, el, icon } from "./dom.51beb21e1e.js";
import { t } from "./texts.802800d9e0.js";

let number = 0;

/**
 * A dialog with a heading, content and buttons; `value` of the button that closed it, or `""`.
 * @param {{ title: string, lead?: string, content?: Node[], buttons: { value: string, text: string, class?: string, check?: () => boolean | Promise<boolean> }[], wide?: boolean, ready?: (dialog: HTMLDialogElement) => void }} of
 * @returns {Promise<string>}
 */
export function ask({ title, lead, content = [], buttons, wide = false, ready }) {
  number += 1;
  const id = `dialog-${number}`;
  const back = /** @type {HTMLElement | null} */ (document.activeElement);
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: `dialog dialog-native${wide ? " dialog-wide" : ""}`, "aria-labelledby": id });
    const form = el("form", { method: "dialog" },
      el("div", { class: "dialog-head" }, el("div", {}, el("h2", { id }, title), lead ? el("p", { class: "muted" }, lead) : null),
        button({ icon: "x", label: t("close"), class: "btn btn-quiet btn-icon", act: () => dialog.close("") })),
      content.length ? el("div", { class: "dialog-body" }, content) : null,
      buttons.length ? el("div", { class: "dialog-foot" }, buttons.map(({ value, text, class: look }) => el("button", { class: `btn ${look ?? ""}`, value }, text))) : null);
    form.addEventListener("submit", (event) => {
      const { submitter } = /** @type {SubmitEvent} */ (event);
      const chosen = buttons.find(({ value }) => value === (/** @type {HTMLButtonElement} */ (submitter)?.value ?? buttons[0]?.value));
      const isFine = chosen?.check ? chosen.check() : true;
      if (isFine === true) return;
      event.preventDefault();
      // What takes a while keeps the dialog open until it is done.
      Promise.resolve(isFine).then((done) => { if (done && dialog.open) dialog.close(chosen.value); });
    });
    dialog.append(form);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(""); });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (back?.isConnected) back.focus();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
    // Enter does what is harmless.
    const main = dialog.querySelector(".dialog-foot .btn-primary") ?? dialog.querySelector(".dialog-foot .btn:last-child");
    /** @type {HTMLElement | null} */ (main)?.focus();
    ready?.(dialog);
  });
}

/**
 * Asks for a name; `null` when it was given up. `check` says what is wrong with it. `work` does what the name is for: while it is
 * refused, the dialog stays with what was typed.
 */
export async function askName(/** @type {{ title: string, value?: string, text: string, check: (name: string) => string, work?: (name: string) => Promise<unknown> }} */ { title, value = "", text, check, work }) {
  let busy = false;
  const error = el("p", { class: "err wrap", id: "ask-name-error", role: "alert", hidden: true });
  const say = (/** @type {string} */ wrong, /** @type {Node[]} */ ...more) => {
    error.hidden = !wrong;
    error.replaceChildren(el("span", {}, wrong, ...more));
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (wrong) input.focus();
  };
  const act = async () => {
    if (busy) return false;
    busy = true;
    try {
      await work(input.value.trim());
      return true;
    } catch (refused) {
      const { status, message } = /** @type {import("./api.7bfcfb533b.js").Refused} */ (refused);
      // In a page of its own: what was typed stays here.
      say(message, ...(status === 401 ? [" ", el("a", { href: signInAddress(), target: "_blank", rel: "noopener", on: { click: () => input.focus() } }, t("sign_in"))] : []));
      return false;
    } finally {
      busy = false;
    }
  };
  const input = el("input", { class: "input", id: "ask-name", value, maxlength: "255", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-describedby": "ask-name-error" });
  const answer = await ask({
    title,
    content: [el("div", { class: "field" }, el("label", { class: "label", for: "ask-name" }, t("name")), input, error)],
    buttons: [{ value: "yes", text, class: "btn-primary", check: () => {
      const wrong = check(input.value.trim());
      say(wrong);
      return wrong ? false : work ? act() : true;
    } }, { value: "", text: t("cancel") }],
    ready: () => { input.focus(); input.select(); },
  });
  return answer === "yes" ? input.value.trim() : null;
}

/** What is wrong with a name; empty if nothing is. */
export function wrongName(/** @type {string} */ name) {
  return !name || name === "." || name === ".." || /[/\\\0]/.test(name) || new TextEncoder().encode(name).length > 255 ? t("bad_name") : "";
}

/**
 * A menu at an element, or where a pointer is. With `chosen`, an item is one of several of which one holds.
 * @param {{ getBoundingClientRect: () => DOMRect }} at
 * @param {string} label
 * @param {({ icon: string, text: string, key?: string, bad?: boolean, href?: string, chosen?: boolean, act?: () => void } | null)[]} items
 */
export function menu(at, label, items) {
  const box = el("div", { class: "menu menu-pop", role: "menu", "aria-label": label, popover: "auto" }, items.map((item) => item === null ? el("hr") : line(item)));
  const entries = [...box.querySelectorAll("[role^=menuitem]")];
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const end = { Home: 0, End: -1 }[event.key];
    if (!step && end === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const now = entries.indexOf(/** @type {Element} */ (document.activeElement));
    /** @type {HTMLElement} */ (entries.at(end ?? (now + step + entries.length) % entries.length)).focus();
  });
  box.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") box.remove();
  });
  document.body.append(box);
  box.showPopover();
  const place = at.getBoundingClientRect();
  const room = box.getBoundingClientRect();
  box.style.insetInlineStart = "auto";
  box.style.left = `${Math.max(8, Math.min(place.width ? place.right - room.width : place.left, innerWidth - room.width - 8))}px`;
  box.style.top = `${place.bottom + room.height + 8 > innerHeight ? Math.max(8, place.top - room.height - 4) : place.bottom + 4}px`;
  /** @type {HTMLElement} */ (entries.find((entry) => entry.getAttribute("aria-checked") === "true") ?? entries[0])?.focus();

  function line({ icon: name, text, key, bad, href, chosen, act }) {
    const content = [icon(name), text, key ? el("kbd", {}, key) : null];
    const done = () => { box.hidePopover(); act?.(); };
    const role = chosen === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": String(chosen) };
    return href ? el("a", { ...role, href, class: bad ? "is-bad" : null, on: { click: done } }, content) : el("button", { ...role, type: "button", class: bad ? "is-bad" : null, on: { click: done } }, content);
  }
}
