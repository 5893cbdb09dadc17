// Deleting: what goes with it is counted before, what stayed is told after.

import * as api from "./api.7bfcfb533b.js";
import { ask } from "./dialogs.bf399862e5.js";
import { el } from "./dom.51beb21e1e.js";
import { size } from "./format.d9a268295b.js";
import { count, t } from "./texts.802800d9e0.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {{ files: number, folders: number, bytes: number, whole: boolean }} Weight */

/** More than that goes only for somebody who has typed what goes. */
const FILES = 100;
const BYTES = 1_000_000_000;
/** What stayed is listed up to here. */
const LISTED = 20;

/** What is in directories, beside the files that are chosen themselves; `null` where it cannot be counted. */
async function weigh(/** @type {Entry[]} */ entries, /** @type {(entry: Entry) => string} */ at, /** @type {AbortSignal} */ signal) {
  const files = entries.filter(({ kind }) => kind !== "d");
  const sum = { files: files.length, folders: 0, bytes: files.reduce((bytes, entry) => bytes + entry.size, 0), whole: true };
  try {
    for (const entry of entries.filter(({ kind }) => kind === "d")) {
      const found = await (await api.send("GET", api.address("/weight", { path: at(entry) }), { signal })).json();
      sum.files += found.files;
      sum.folders += found.folders;
      sum.bytes += found.bytes;
      sum.whole &&= found.whole;
      // Where one is large already, the others make no difference.
      if (!sum.whole) break;
    }
    return sum;
  } catch {
    return null;
  }
}

const isLarge = (/** @type {Weight | null} */ weight) => !weight || !weight.whole || weight.files > FILES || weight.bytes > BYTES;

function words(/** @type {Weight | null} */ weight) {
  if (!weight) return t("weight_unknown");
  const parts = [weight.folders ? count("folders_n", weight.folders) : "", count("files_n", weight.files), size(weight.bytes)].filter(Boolean).join(", ");
  return t(weight.whole ? "weight" : "weight_more", parts);
}

/**
 * Asks whether they are to go; what is large is typed first.
 * @param {Entry[]} entries
 * @param {(entry: Entry) => string} at
 */
export async function isMeant(entries, at) {
  const only = entries.length === 1 ? entries[0] : null;
  const counts = entries.some(({ kind }) => kind === "d");
  const stop = new AbortController();
  let wanted = "";
  const says = el("p", { class: "num", role: "status" }, counts ? t("weighing") : null);
  const label = el("label", { class: "label", for: "remove-typed" });
  const wrong = el("p", { class: "err", id: "remove-wrong", hidden: true }, t("delete_typed_other"));
  const typed = el("input", { class: "input", id: "remove-typed", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-describedby": "remove-wrong" });
  const field = el("div", { class: "field", hidden: true }, label, typed, wrong);
  const weighed = weigh(entries, at, stop.signal).then((weight) => {
    if (stop.signal.aborted) return;
    if (counts || entries.length > 1) says.textContent = words(weight);
    if (!isLarge(weight)) return;
    wanted = only ? only.name : String(entries.length);
    label.textContent = only ? t("delete_type_name", only.name) : t("delete_type_number", entries.length);
    field.hidden = false;
    // Somebody who waits at the buttons goes on at the field.
    if (document.activeElement?.closest(".dialog-foot")) typed.focus();
  });
  const check = async () => {
    await weighed;
    const isRight = !wanted || typed.value.trim() === wanted.trim();
    wrong.hidden = isRight;
    typed.setAttribute("aria-invalid", String(!isRight));
    if (!isRight) typed.focus();
    return isRight;
  };
  const title = only ? t("delete_one", only.name) : count("delete_many", entries.length);
  const answer = await ask({
    title,
    content: [el("p", {}, t(counts ? "delete_lead_folders" : "delete_lead")), says, field],
    buttons: [{ value: "yes", text: only ? t("delete") : title, class: "btn-danger-solid", check }, { value: "", text: t("cancel") }],
  });
  stop.abort();
  return answer === "yes";
}

/** Says what stayed, and why. */
async function tell(/** @type {{ name: string, why: string }[]} */ stayed) {
  await ask({
    title: count("not_deleted", stayed.length),
    content: [
      el("ul", { class: "lines stayed" }, stayed.slice(0, LISTED).map(({ name, why }) => el("li", {}, el("span", { class: "grow" }, el("strong", {}, name), el("span", { class: "sub wrap" }, why))))),
      stayed.length > LISTED ? el("p", { class: "muted" }, count("more_files", stayed.length - LISTED)) : null,
    ].filter((part) => part !== null),
    buttons: [{ value: "", text: t("close") }],
  });
}

/**
 * Deletes one after the other; one that stays does not keep the others. Answers how many went.
 * @param {Entry[]} entries
 * @param {{ at: (entry: Entry) => string, wait: (response: Response) => Promise<void> }} of
 */
export async function remove(entries, { at, wait }) {
  const stayed = [];
  let gone = 0;
  for (const entry of entries) {
    try {
      await wait(await api.send("DELETE", api.address(entry.kind === "d" ? "/user/dirs" : "/user/files", { path: at(entry) }), { headers: { Prefer: "respond-async" } }));
      gone += 1;
    } catch (error) {
      // Without a session or a connection none of the others goes either.
      if (!stayed.length && (error.status === 401 || error.status === 0)) throw error;
      stayed.push({ name: entry.name, why: error.at ? t("stopped_at", error.at, error.message) : error.message });
      if (error.status === 401 || error.status === 0 || error.isStopped) break;
    }
  }
  if (stayed.length) await tell(stayed);
  return gone;
}
