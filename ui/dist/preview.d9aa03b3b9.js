// Looking at a file: pictures, sound, video and text in the page; PDF in the browser's own viewer.

import * as api from "./api.fd6396b038.js";
import { button, el } from "./dom.7a1f796e56.js";
import { isEditable, preview, size } from "./format.1127616064.js";
import { t } from "./texts.802800d9e0.js";

/** Bytes of a text that are shown. */
const TEXT = 256 * 1024;

/**
 * Shows one of several files.
 * @param {{ entry: import("./entries.js").Entry, path: string }[]} files
 * @param {number} at
 */
export function show(files, at) {
  const back = /** @type {HTMLElement | null} */ (document.activeElement);
  const title = el("h2", { class: "clip grow", id: "preview-title" });
  const stage = el("div", { class: "preview-stage" });
  const download = el("a", { class: "btn btn-s" }, t("download"));
  const edit = el("a", { class: "btn btn-s" }, t("edit"));
  const dialog = el("dialog", { class: "preview", "aria-labelledby": "preview-title" },
    el("div", { class: "preview-head" }, title, edit, download,
      files.length > 1 ? button({ icon: "left", label: t("previous"), class: "btn btn-quiet btn-icon btn-s", act: () => step(-1) }) : null,
      files.length > 1 ? button({ icon: "right", label: t("next"), class: "btn btn-quiet btn-icon btn-s", act: () => step(1) }) : null,
      button({ icon: "x", label: t("close"), class: "btn btn-quiet btn-icon btn-s", act: () => dialog.close() })),
    stage);
  dialog.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLMediaElement) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("click", (event) => { if (event.target === stage) dialog.close(); });
  dialog.addEventListener("close", () => { stage.replaceChildren(); dialog.remove(); back?.focus(); });
  document.body.append(dialog);
  dialog.showModal();
  place();

  function step(/** @type {number} */ by) {
    if (files.length < 2) return;
    at = (at + by + files.length) % files.length;
    place();
  }

  async function place() {
    const { entry, path } = files[at];
    const address = api.fileAddress(path, true);
    title.textContent = entry.name;
    download.setAttribute("href", api.fileAddress(path));
    edit.hidden = !isEditable(entry);
    edit.setAttribute("href", `/web/client/editfile?path=${path}`);
    const failed = () => stage.replaceChildren(el("p", { class: "preview-note" }, t("cannot_show")));
    switch (preview(entry.name)) {
      case "image":
        stage.replaceChildren(el("img", { src: address, alt: entry.name, on: { error: failed } }));
        break;
      case "video":
        stage.replaceChildren(el("video", { src: address, controls: true, autoplay: true, on: { error: failed } }));
        break;
      case "audio":
        stage.replaceChildren(el("audio", { src: address, controls: true, autoplay: true, on: { error: failed } }));
        break;
      default:
        stage.replaceChildren(await text(address, entry.size).catch((error) => el("p", { class: "preview-note" }, error.message)));
    }
  }
}

async function text(address, bytes) {
  const response = await api.send("GET", address, { headers: bytes > TEXT ? { Range: `bytes=0-${TEXT - 1}` } : {} });
  const content = new TextDecoder().decode(await response.arrayBuffer());
  return el("div", { class: "preview-text" }, el("pre", { tabindex: "0" }, content), bytes > TEXT ? el("p", { class: "cap" }, t("only_beginning", size(TEXT), size(bytes))) : null);
}
