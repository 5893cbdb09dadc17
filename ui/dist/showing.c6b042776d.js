// Looking at files of a share without leaving its page. Without this script, and for what no browser shows, a file is downloaded.

import { setSprite } from "./dom.51beb21e1e.js";
import { preview } from "./format.d9a268295b.js";
import { parent, readable, last } from "./paths.d367a57b77.js";

for (const list of document.querySelectorAll("[data-look]")) {
  const { look: base, icons } = list.dataset;
  setSprite(icons);
  const source = {
    address: (path, inline = false) => `${base}/file?path=${path}${inline ? "&inline=1" : ""}`,
    editor: () => null,
    folder: (path) => `${base}/browse?path=${parent(path)}`,
  };
  const name = (link) => readable(last(link.dataset.path));
  const kindOf = (link) => {
    const kind = preview(name(link));
    return kind === "pdf" && !navigator.pdfViewerEnabled ? null : kind;
  };
  list.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-path]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const kind = kindOf(link);
    if (kind === null) return;
    event.preventDefault();
    // A tile has two links to its file.
    const others = [...list.querySelectorAll("a[data-path]:not([aria-hidden])")].filter((other) => kindOf(other) === kind);
    try {
      const { show } = await import("./preview.fd4df36b1e.js");
      show(others.map((other) => ({ entry: { name: name(other), kind: "f", size: Number(other.dataset.size) }, path: other.dataset.path })), others.findIndex((other) => other.dataset.path === link.dataset.path), source);
    } catch {
      location.assign(link.href);
    }
  });
}
