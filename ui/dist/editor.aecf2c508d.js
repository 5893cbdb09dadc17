// The text editor: a plain field with what a field lacks. Lines have numbers, texts are found and replaced, and saving stays on
// the page: what somebody else wrote meanwhile is asked about, and nothing typed is lost with the session or the connection.

import * as api from "./api.7bfcfb533b.js";
import { wayOf } from "./code.3b10a1881a.js";
import { button, el, icon, setSprite } from "./dom.51beb21e1e.js";
import { Finder } from "./finder.f303880631.js";
import { Margin } from "./margin.17bf12bfc4.js";
import { ask, askName, wrongName } from "./dialogs.bf399862e5.js";
import { encode, freeName, join, last, parent, readable } from "./paths.d367a57b77.js";
import { count, t } from "./texts.802800d9e0.js";

/** Milliseconds between two words to the server that somebody is there. */
const ALIVE = 4 * 60_000;
const form = /** @type {HTMLFormElement} */ (document.querySelector("form.editor"));
const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
const { path, token, icons, user } = form.dataset;
const DRAFT = `entrepot-draft:${user} ${path}`;

class Editor {
  saved = field.value;
  tag = form.elements.namedItem("tag").value;
  isCrlf = form.elements.namedItem("ends").value === "crlf";
  isSaving = false;
  isLeaving = false;

  start() {
    setSprite(icons);
    api.setToken(token);
    // Nothing of this form is sent any more: it is read from here.
    form.dataset.again = "";
    this.buttons();
    this.margin = new Margin(field, wayOf(readable(last(path)).split(".").at(-1)));
    this.finder = new Finder(field, this.margin);
    form.insertBefore(this.finder.bar, this.margin.room);
    this.place = el("span", { class: "num" });
    this.state = el("span", { class: "push", role: "status" });
    this.note = el("div", { role: "alert", hidden: true });
    this.margin.room.after(el("p", { class: "editor-foot cap" }, this.place, this.state), this.note);
    this.takeDraft();
    this.listen();
    this.moved();
    this.changed();
  }

  get isChanged() {
    return field.value !== this.saved;
  }

  buttons() {
    const row = form.querySelector(".btns");
    this.saver = form.querySelector("button[type=submit]");
    this.saver?.addEventListener("click", (event) => {
      event.preventDefault();
      this.save();
    });
    row.append(button({ icon: "search", text: t("find"), class: "btn", act: () => this.finder.open() }));
  }

  listen() {
    form.addEventListener("submit", (event) => event.preventDefault());
    let beat = Date.now();
    field.addEventListener("input", () => {
      this.changed();
      this.moved();
      if (Date.now() - beat < ALIVE) return;
      beat = Date.now();
      api.send("GET", api.address("/alive")).catch(() => {});
    });
    document.addEventListener("selectionchange", () => { if (document.activeElement === field) this.moved(); });
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeunload", (event) => { if (this.isChanged && !this.isLeaving) event.preventDefault(); });
    // Telephones end pages that nobody sees without asking.
    addEventListener("pagehide", () => this.keepDraft());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.keepDraft(); });
  }

  key(event) {
    if (event.key === "F3" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      return this.finder.step(event.shiftKey ? -1 : 1);
    }
    if (!(event.ctrlKey || event.metaKey) || event.altKey || document.querySelector("dialog[open]")) return;
    const act = { s: () => this.save(), f: () => this.finder.open(), g: () => this.finder.step(event.shiftKey ? -1 : 1) }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  moved() {
    const line = this.margin.lineOf(field.selectionEnd);
    this.place.textContent = t("line_column", line + 1, field.selectionEnd - this.margin.starts[line] + 1);
  }

  changed() {
    this.state.textContent = field.readOnly ? "" : this.isSaving ? t("saving") : this.isChanged ? t("unsaved") : t("saved_all");
    const bare = document.title.replace(/^• /, "");
    document.title = this.isChanged ? `• ${bare}` : bare;
    if (!this.isChanged) sessionStorage.removeItem(DRAFT);
  }

  /** What was typed, for a page that is loaded again. */
  keepDraft() {
    if (!this.isChanged || this.isLeaving) return;
    try {
      sessionStorage.setItem(DRAFT, JSON.stringify({ tag: this.tag, text: field.value }));
    } catch { /* more than a browser keeps */ }
  }

  takeDraft() {
    const kept = JSON.parse(sessionStorage.getItem(DRAFT) ?? "null");
    if (!kept || field.readOnly || kept.text === field.value) return;
    // Saving it asks if the file has changed since.
    [this.tag, field.value] = [kept.tag, kept.text];
    this.margin.update();
    this.say("info", t("draft_kept"), button({ text: t("draft_drop"), class: "btn btn-s", act: () => { this.isLeaving = true; sessionStorage.removeItem(DRAFT); location.reload(); } }));
  }

  say(kind, text, ...more) {
    this.note.hidden = !text;
    this.note.className = `note note-${kind}`;
    this.note.replaceChildren(...(text ? [icon(kind), el("div", { class: "row" }, el("span", {}, text), ...more)] : []));
  }

  /** The text with the ends of lines that the file had. */
  get text() {
    return this.isCrlf ? field.value.replaceAll("\n", "\r\n") : field.value;
  }

  write(where, headers) {
    return api.send("POST", api.address("/user/files/upload", { path: where }), { body: new Blob([this.text]), headers: { "Content-Type": "text/plain", ...headers } });
  }

  async save(isForced = false) {
    if (this.isSaving || field.readOnly) return;
    const sent = field.value;
    this.isSaving = true;
    this.saver.setAttribute("aria-busy", "true");
    this.changed();
    let isStale = false;
    try {
      const answer = await this.write(path, isForced ? {} : { "If-Match": `"${this.tag}"` });
      this.tag = (answer.headers.get("ETag") ?? "").replaceAll('"', "");
      this.saved = sent;
      this.say("ok", "");
    } catch (error) {
      isStale = error.status === 412;
      if (!isStale) this.refused(error);
    }
    this.isSaving = false;
    this.saver.removeAttribute("aria-busy");
    this.changed();
    if (isStale) await this.conflict();
  }

  /** What was typed stays; where the session has ended, the way back in is a page of its own. */
  refused(error) {
    const more = error.status === 401
      ? el("a", { class: "btn btn-s", href: api.signInAddress(), target: "_blank", rel: "noopener" }, t("sign_in"))
      : button({ text: t("try_again"), class: "btn btn-s", act: () => this.save() });
    this.say("bad", `${error.message} ${t("typed_stays")}`, more);
    this.keepDraft();
  }

  /** Somebody else was faster: both texts are there, and which one stays is asked. */
  async conflict() {
    let now = null;
    try {
      const answer = await api.send("GET", api.fileAddress(path));
      now = { text: await answer.text(), tag: (answer.headers.get("ETag") ?? "").replaceAll('"', "") };
    } catch (error) {
      if (error.status !== 404) return this.refused(error);
    }
    const choices = [{ value: "as", text: t("save_as"), class: "btn-primary" }, { value: "replace", text: t(now ? "replace_other" : "save_again"), class: now ? "btn-danger" : "" }, { value: "", text: t("go_on_typing") }];
    const compare = { value: "compare", text: t("compare") };
    const name = readable(last(path));
    let answer = await ask({ title: t(now ? "changed_meanwhile" : "deleted_meanwhile", name), lead: t(now ? "changed_lead" : "deleted_lead"), buttons: now ? [compare, ...choices] : choices });
    if (answer === "compare") {
      const { differences } = await import("./compare.62fa39a274.js");
      answer = await ask({ title: t("differences", name), content: [differences(now.text.replaceAll("\r\n", "\n"), field.value)], buttons: choices, wide: true });
    }
    if (answer === "as") await this.saveAs();
    // Not over a third text that nobody has seen.
    if (answer === "replace") {
      this.tag = now?.tag ?? "";
      await this.save(!now);
    }
  }

  async saveAs() {
    const name = readable(last(path));
    const place = (other) => join(parent(path), encode(other));
    const made = await askName({
      title: t("save_as"), text: t("save"), value: freeName(name, () => false), check: wrongName,
      work: (other) => this.write(place(other), { "If-None-Match": "*" }).catch((error) => { throw error.status === 412 ? Object.assign(error, { message: t("exists") }) : error; }),
    });
    if (made === null) return;
    this.isLeaving = true;
    sessionStorage.removeItem(DRAFT);
    location.assign(`/web/client/editfile?path=${place(made)}`);
  }
}

new Editor().start();
