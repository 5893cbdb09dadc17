// The panel beside the list: what is known of what is chosen.

import * as api from "./api.7bfcfb533b.js";
import { button, el } from "./dom.51beb21e1e.js";
import { exactly, permissions, preview, size } from "./format.c2da775b16.js";
import { readable } from "./paths.d367a57b77.js";
import { mark } from "./rows.0a7f8fbe6f.js";
import { count, t } from "./texts.802800d9e0.js";

/** Pictures that are larger are not loaded. */
const PICTURE = 12_000_000;

/**
 * @param {HTMLElement} panel
 * @param {import("./entries.js").Entry[]} chosen
 * @param {{ path: (entry: import("./entries.js").Entry) => string, may: (what: string) => boolean, close: () => void }} of
 */
export function showDetails(panel, chosen, { path, may, close }) {
  const head = (text) => el("div", { class: "row-apart nowrap" }, el("h2", {}, text), button({ icon: "x", label: t("close_details"), class: "btn btn-quiet btn-icon btn-s", act: close }));
  if (chosen.length !== 1) {
    const bytes = chosen.reduce((sum, entry) => sum + entry.size, 0);
    panel.replaceChildren(head(chosen.length ? count("selected", chosen.length) : t("details")), el("p", { class: "muted" }, chosen.length ? size(bytes) : t("choose_one")));
    return;
  }
  const [entry] = chosen;
  const where = path(entry);
  const facts = el("dl", { class: "facts" });
  const fact = (name, ...value) => facts.append(el("dt", {}, name), el("dd", { class: "num" }, ...value));
  if (entry.kind !== "d") fact(t("size"), size(entry.size));
  if (entry.time) fact(t("changed"), exactly(entry.time));
  fact(t("place"), readable(where));
  fact(t("permissions"), el("code", {}, permissions(entry.mode)));
  const picture = may("download") && entry.kind !== "d" && preview(entry.name) === "image" && entry.size < PICTURE;
  panel.replaceChildren(head(entry.name),
    el("div", { class: "panel-pic" }, picture ? el("img", { src: api.fileAddress(where, true), alt: "", on: { error: (event) => event.target.replaceWith(mark(entry)) } }) : mark(entry)),
    facts);
  if (entry.kind !== "d" && may("download")) {
    const result = el("div", { class: "stack-s", "aria-live": "polite" });
    result.append(button({ icon: "security", text: t("compute_checksum"), class: "btn btn-s", act: () => checksum(where, result) }));
    panel.append(el("section", {}, el("h3", {}, t("checksum")), result));
  }
}

async function checksum(path, box) {
  box.replaceChildren(el("p", { class: "muted" }, t("computing")));
  try {
    const found = await (await api.send("GET", api.address("/user/files/checksum", { path }))).json();
    const sum = found.checksum;
    box.replaceChildren(el("code", { class: "finger", tabindex: "0", id: "checksum" }, sum), button({ icon: "copy", text: t("copy"), class: "btn btn-s", act: () => navigator.clipboard?.writeText(sum) }));
  } catch (error) {
    box.replaceChildren(el("p", { class: "err" }, /** @type {Error} */ (error).message));
  }
}
