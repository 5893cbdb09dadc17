// The panel beside the list: what is known of what is chosen.

import * as api from "./api.7bfcfb533b.js";
import { button, el, icon } from "./dom.51beb21e1e.js";
import { exactly, permissions, preview, size } from "./format.d9a268295b.js";
import { readable } from "./paths.d367a57b77.js";
import { mark } from "./rows.707a24723f.js";
import { count, t } from "./texts.802800d9e0.js";

/** Pictures that are larger are not loaded. */
const PICTURE = 12_000_000;
/** Characters of a list of checksums that are shown; all of it is copied and saved. */
const SHOWN = 20_000;

/**
 * @param {HTMLElement} panel
 * @param {import("./entries.js").Entry[]} chosen
 * @param {{ path: (entry: import("./entries.js").Entry) => string, may: (what: string) => boolean, close: () => void }} of
 */
export function showDetails(panel, chosen, { path, may, close }) {
  // The list is read anew while somebody waits for a checksum: what is shown of the same stays.
  const key = JSON.stringify([may("download"), chosen.map((entry) => [path(entry), entry.size, entry.time, entry.mode])]);
  if (panel.dataset.shown === key) return;
  panel.dataset.shown = key;
  running?.abort();
  const head = (text) => el("div", { class: "row-apart nowrap" }, el("h2", {}, text), button({ icon: "x", label: t("close_details"), class: "btn btn-quiet btn-icon btn-s", act: close }));
  if (chosen.length !== 1) {
    const bytes = chosen.reduce((sum, entry) => sum + entry.size, 0);
    panel.replaceChildren(head(chosen.length ? count("selected", chosen.length) : t("details")), el("p", { class: "muted" }, chosen.length ? size(bytes) : t("choose_one")));
    if (chosen.length && may("download")) panel.append(checksums(chosen.map(path), t("checksums")));
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
  if (may("download")) panel.append(entry.kind === "d" ? checksums([where], t("checksums")) : checksums([where], t("checksum"), where));
}

/** What is computed now: it ends when something else is chosen. */
let running = /** @type {AbortController | null} */ (null);

/** The part about checksums: of one file, or a list of those of all files there. */
function checksums(/** @type {string[]} */ paths, /** @type {string} */ title, /** @type {string | null} */ file = null) {
  const box = el("div", { class: "stack-s" });
  box.append(button({ icon: "security", text: t("compute_checksum"), class: "btn btn-s", act: () => compute(box, file ? (say, signal) => sumOf(file, signal) : (say, signal) => sumsOf(paths, say, signal)) }));
  return el("section", {}, el("h3", {}, title), box);
}

/** Shows what `work` finds, or why it does not; it can be stopped. */
async function compute(/** @type {Element} */ box, /** @type {(say: (text: string) => void, signal: AbortSignal) => Promise<Node[]>} */ work) {
  const stop = new AbortController();
  running = stop;
  const state = el("p", { class: "muted num", role: "status" }, t("computing"));
  box.replaceChildren(state, button({ text: t("stop"), class: "btn btn-s", act: () => stop.abort() }));
  const back = /** @type {HTMLElement} */ (box.lastElementChild);
  back.focus();
  let shown = [];
  try {
    shown = await work((text) => { state.textContent = text; }, stop.signal);
  } catch (error) {
    shown = [el("p", { class: "err", role: "alert" }, stop.signal.aborted ? t("stopped") : /** @type {Error} */ (error).message)];
  }
  const hadFocus = document.activeElement === back;
  box.replaceChildren(...shown);
  if (hadFocus) /** @type {HTMLElement | null} */ (box.querySelector("[tabindex], button"))?.focus();
}

const copier = (/** @type {string} */ text) => button({ icon: "copy", text: t("copy"), class: "btn btn-s", act: () => navigator.clipboard?.writeText(text) });

async function sumOf(path, signal) {
  const { checksum } = await (await api.send("GET", api.address("/user/files/checksum", { path }), { signal })).json();
  return [el("code", { class: "finger", tabindex: "0", id: "checksum" }, checksum), copier(checksum)];
}

/** A list as `sha256sum` writes it, and checks it. */
async function sumsOf(paths, say, signal) {
  const answer = await api.send("POST", api.address("/x/checksums"), { json: paths.map(readable), signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let [text, lines] = ["", 0];
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    lines += piece.value.split("\n").length - 1;
    say(count("files_n", lines));
  }
  if (!lines) return [el("p", { class: "muted" }, count("files_n", 0))];
  const save = el("a", { class: "btn btn-s", href: URL.createObjectURL(new Blob([text], { type: "application/octet-stream" })), download: "SHA256SUMS" }, icon("download", true), ` ${t("save_sums")}`);
  return [el("p", { class: "muted num", role: "status" }, count("files_n", lines)), el("pre", { class: "finger sums", tabindex: "0" }, text.slice(0, SHOWN)), el("div", { class: "row" }, copier(text), save)];
}
