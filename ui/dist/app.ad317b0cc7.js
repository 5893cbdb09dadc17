// Every page with a session: times in the reader's own zone, one send per form, typed text that survives. All of it is comfort;
// the pages work without.

import { keepTyped } from "./keep.1479a060a5.js";
import { language } from "./locale.5637415bf6.js";

const absolute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** "4 minutes ago" for the last day, else the date; the exact moment as a tooltip. */
export function showTimes(root = document) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const seconds = Math.round((moment.getTime() - now) / 1000);
    const distance = Math.abs(seconds);
    element.title = exact.format(moment);
    if (distance < 60) element.textContent = relative.format(seconds, "second");
    else if (distance < 3600) element.textContent = relative.format(Math.round(seconds / 60), "minute");
    else if (distance < 86400) element.textContent = relative.format(Math.round(seconds / 3600), "hour");
    else element.textContent = absolute.format(moment);
  }
}

/** A form is sent once; a page that comes back from the cache takes it again. */
function sendOnce() {
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.again !== undefined) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });
}

/** Copies what the button's target says. */
function copyButtons() {
  addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const label = button.querySelector("[data-copied]");
    if (!label) return;
    const before = label.textContent;
    label.textContent = label.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  });
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

/** Fields that somebody can go to and type in. */
const isOpen = (field) => field.type !== "hidden" && !field.disabled && !field.readOnly && field.getClientRects().length > 0;

/**
 * Where somebody goes on who uses the keyboard: the first thing that is wrong, else the form that was asked for, else what came
 * of the last one. Fields get no focus on touch screens, where a keyboard would come up over the page.
 */
function focusStart() {
  const said = document.querySelector("main fieldset .err");
  const wrong = document.querySelector("[aria-invalid=true]") ?? [...(said?.closest("fieldset")?.querySelectorAll("input, select, textarea") ?? [])].find(isOpen);
  for (let box = wrong?.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  if (wrong) return wrong.focus();
  if (document.activeElement !== document.body) return;
  const told = document.querySelector(".flash[tabindex]");
  const form = matchMedia("(pointer: fine)").matches ? document.querySelector("form[data-start]") : null;
  const first = form && [...form.querySelectorAll("input, select, textarea")].find(isOpen);
  if (first && told?.getAttribute("role") !== "alert") first.focus();
  else told?.focus({ preventScroll: true });
}

/** Switches that this browser keeps for itself: on, unless it says off. */
function localSwitches() {
  for (const label of document.querySelectorAll("[data-local]")) {
    const box = label.querySelector("input");
    const { local: name } = label.dataset;
    box.checked = localStorage.getItem(name) !== "off";
    box.addEventListener("change", () => (box.checked ? localStorage.removeItem(name) : localStorage.setItem(name, "off")));
    label.hidden = false;
  }
}

/** A picture that cannot be shown gives way to the sign of its file. */
function failedPictures() {
  const fail = (picture) => {
    const sign = document.createElement("span");
    sign.className = "fi";
    sign.textContent = picture.dataset.sign;
    picture.replaceWith(sign);
  };
  for (const picture of document.querySelectorAll("img[data-sign]")) {
    picture.addEventListener("error", () => fail(picture));
    if (picture.complete && picture.currentSrc && !picture.naturalWidth) fail(picture);
  }
}

showTimes();
localSwitches();
failedPictures();
sendOnce();
keepTyped();
copyButtons();
// A fragment takes the focus once more when the page has loaded.
if (location.hash) addEventListener("load", () => setTimeout(focusStart));
else focusStart();
