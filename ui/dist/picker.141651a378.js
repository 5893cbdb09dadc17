// Choosing a directory, for copying and moving.

import * as api from "./api.7bfcfb533b.js";
import { ask, askName, wrongName } from "./dialogs.bf399862e5.js";
import { button, el, icon } from "./dom.51beb21e1e.js";
import { fromApi, sort } from "./entries.60702f9fcc.js";
import { encode, join, last, parent, readable } from "./paths.d367a57b77.js";
import { t } from "./texts.802800d9e0.js";

/** Directories that are shown at most. */
const MOST = 500;

/**
 * Asks for a directory; its path, or `null`.
 * @param {{ title: string, text: string, start: string }} of
 */
export async function pickFolder({ title, text, start }) {
  let here = start;
  let request = new AbortController();
  const place = el("p", { class: "row" });
  const box = el("ul", { class: "picker", "aria-label": t("folders") });

  async function show(path) {
    request.abort();
    request = new AbortController();
    box.setAttribute("aria-busy", "true");
    try {
      const entries = (await api.list(path, request.signal)).map(fromApi).filter(({ kind }) => kind === "d");
      here = path;
      sort(entries, "name", false);
      place.replaceChildren(icon("folder"), el("strong", { class: "clip" }, here === "/" ? t("home") : readable(last(here))));
      const up = here === "/" ? [] : [line("up", t("parent"), parent(here))];
      box.replaceChildren(...up, ...entries.slice(0, MOST).map((entry) => line("folder", entry.name, join(here, entry.enc))));
      if (!box.children.length) box.append(el("li", { class: "muted" }, t("no_folders")));
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "AbortError") box.replaceChildren(el("li", { class: "err" }, /** @type {Error} */ (error).message));
    }
    box.removeAttribute("aria-busy");
  }
  function line(sign, name, path) {
    return el("li", {}, el("button", { type: "button", class: "picker-line", on: { click: async () => { await show(path); box.querySelector("button")?.focus(); } } }, icon(sign), el("span", { class: "clip" }, name)));
  }
  async function make() {
    const name = await askName({ title: t("new_folder"), text: t("create_folder"), check: wrongName, work: (name) => api.send("POST", api.address("/user/dirs", { path: join(here, encode(name)) })) });
    if (name !== null) await show(join(here, encode(name)));
  }
  show(start);
  const answer = await ask({
    title,
    content: [el("div", { class: "row-apart" }, place, button({ icon: "newfolder", text: t("new_folder"), class: "btn btn-s", act: make })), box],
    buttons: [{ value: "yes", text, class: "btn-primary" }, { value: "", text: t("cancel") }],
  });
  request.abort();
  return answer === "yes" ? here : null;
}
