// Bringing files to a share: drop or choose, with progress for each. Without this script the page has a plain form.

import { button, el, icon, setSprite } from "./dom.51beb21e1e.js";
import { duration, sign, size } from "./format.d9a268295b.js";
import { encode, join } from "./paths.d367a57b77.js";
import { Queue } from "./queue.48de73521c.js";
import { fromDrop, fromField } from "./reading.cbed30c54c.js";
import { count, t } from "./texts.802800d9e0.js";
import * as unfinished from "./unfinished.e5f6eaef4d.js";

/** Lines that are shown; of more files only the number. */
const LINES = 60;
const ROOT = "/web/client/visit";

class VisitUpload extends HTMLElement {
  connectedCallback() {
    const { share, path, chunk, icons } = this.dataset;
    setSprite(icons);
    this.path = path;
    const target = {
      whole: (way) => `${ROOT}/shares/${encodeURIComponent(share)}/files${way}?mkdir_parents=true`,
      pieces: `${ROOT}/shares/${encodeURIComponent(share)}/chunked-uploads`,
      headers: () => ({}),
      chunk: Number(chunk),
      once: true,
    };
    this.owner = `share ${share}`;
    this.queue = new Queue(target, this.owner, { changed: () => this.later(), arrived: () => {}, ended: () => this.render() });
    this.area = this.querySelector(".drop");
    this.fields = [this.field(false), this.field(true)];
    const says = /** @type {HTMLElement} */ (this.area.querySelector("[data-drop-text]"));
    says.textContent = says.dataset.dropText;
    this.area.querySelector("[data-plain]").replaceWith(el("div", { class: "btns" },
      button({ text: t("choose_files"), class: "btn btn-primary btn-l", act: () => this.fields[0].click() }),
      button({ text: t("choose_folder"), class: "btn btn-l", act: () => this.fields[1].click() })), ...this.fields);
    this.list = el("ul");
    this.head = el("h2");
    this.rate = el("span", { class: "push muted t-sm num" });
    this.meter = el("progress", { class: "meter", max: "100", value: "0" });
    this.said = el("p", { class: "vh", "aria-live": "polite" });
    this.sheet = el("section", { class: "sheet", "aria-label": t("uploads"), hidden: true }, el("div", { class: "bay-head sheet-head" }, this.head, this.rate), this.meter, this.list, this.said);
    this.append(this.sheet);
    this.drops();
    addEventListener("beforeunload", (event) => { if (this.queue.active) event.preventDefault(); });
  }

  field(directories) {
    const field = el("input", { type: "file", class: "vh", multiple: true, tabindex: "-1", "aria-hidden": "true" });
    if (directories) field.webkitdirectory = true;
    field.addEventListener("change", () => {
      this.take(fromField(field));
      field.value = "";
    });
    return field;
  }

  drops() {
    const over = (is) => this.area.setAttribute("data-state", is ? "over" : "");
    let depth = 0;
    const holds = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => { if (holds(event)) { event.preventDefault(); depth += 1; over(true); } });
    addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) over(false); });
    addEventListener("dragover", (event) => { if (holds(event)) event.preventDefault(); });
    addEventListener("drop", async (event) => {
      depth = 0;
      over(false);
      if (!holds(event)) return;
      event.preventDefault();
      this.take(await fromDrop(event.dataTransfer, () => {}, new AbortController().signal).catch(() => []));
    });
  }

  take(picked) {
    // What the page was left in the middle of goes on where it stopped.
    const left = unfinished.all(this.owner);
    this.queue.add(picked.map(({ file, name }) => {
      const path = name.split("/").reduce((way, part) => join(way, encode(part)), this.path);
      return { file, name, path, url: unfinished.match(left.filter((one) => one.path === path), file)?.url };
    }));
  }

  later() {
    if (this.timer) return;
    this.timer = setTimeout(() => { this.timer = 0; this.render(); }, 150);
  }

  render() {
    const { queue } = this;
    const done = queue.items.filter(({ state }) => state === "done").length;
    const failed = queue.items.filter(({ state }) => state === "failed").length;
    this.sheet.hidden = !queue.items.length;
    this.head.textContent = queue.active ? t("uploading", Math.min(done + 1, queue.items.length), queue.items.length) : failed ? count("failed_n", failed) : count("arrived_n", done);
    this.rate.textContent = queue.active && queue.rate > 0 ? t("rate_left", size(queue.rate), duration((queue.total - queue.sent) / queue.rate)) : "";
    this.meter.value = queue.percent;
    this.meter.setAttribute("aria-label", t("all_uploads", queue.percent));
    if (!queue.active && queue.items.length) this.said.textContent = this.head.textContent;
    const bare = document.title.replace(/^\(\d+ %\) /, "");
    document.title = queue.active ? `(${queue.percent} %) ${bare}` : bare;
    const rank = { sending: 0, failed: 1, paused: 2, waiting: 3, done: 4 };
    const shown = [...queue.items].sort((one, other) => rank[one.state] - rank[other.state]).slice(0, LINES);
    this.list.replaceChildren(...shown.map((item) => this.line(item)), ...(queue.items.length > LINES ? [el("li", { class: "upl-more muted" }, count("more_files", queue.items.length - LINES))] : []));
  }

  line(item) {
    const { state, file, name } = item;
    const percent = file.size ? Math.floor((item.sent / file.size) * 100) : 0;
    const note = state === "done" ? el("span", { class: "state cap is-ok" }, icon("ok", true), t("arrived_whole"))
      : state === "failed" ? el("span", { class: "state cap is-bad wrap" }, icon("bad", true), item.error)
        : state === "sending" ? el("progress", { class: "meter", max: "100", value: String(percent), "aria-label": `${name}: ${percent} %` })
          : el("span", { class: "cap muted" }, t(state === "paused" ? "paused" : "waiting"));
    const act = state === "failed" ? button({ icon: "refresh", label: t("retry_of", name), class: "btn btn-quiet btn-icon btn-s", act: () => this.queue.resume(item) })
      : state === "done" ? el("span") : button({ icon: "x", label: t("remove_of", name), class: "btn btn-quiet btn-icon btn-s", act: () => this.queue.drop(item) });
    return el("li", { class: "upl" }, el("span", { class: "fi", "aria-hidden": "true" }, sign(name)),
      el("span", { class: "row-apart nowrap" }, el("span", { class: "clip" }, name), el("span", { class: "sub num" }, state === "sending" ? t("percent_of", percent, size(file.size)) : size(file.size))), act, el("span", {}, note));
  }
}

customElements.define("visit-upload", VisitUpload);
