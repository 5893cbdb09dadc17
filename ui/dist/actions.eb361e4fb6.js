// What is done with entries. Each action says what it did, or why it was not done.

import * as api from "./api.7bfcfb533b.js";
import { ask, askName, wrongName } from "./dialogs.bf399862e5.js";
import { el, progress, toast } from "./dom.51beb21e1e.js";
import { isEditable, moment, size } from "./format.d9a268295b.js";
import { nameField } from "./name_field.6b0a49881b.js";
import { encode, freeName, join, last, parent, readable } from "./paths.d367a57b77.js";
import { pickFolder } from "./picker.141651a378.js";
import { count, t } from "./texts.802800d9e0.js";

/** @typedef {import("./entries.js").Entry} Entry */

/** What may take long goes on as a job (RFC 7240). */
const LATER = { Prefer: "respond-async" };

/** Milliseconds after which work is told of while it goes on. */
const SOON = 600;

/** Milliseconds of a week. */
const WEEK = 7 * 24 * 3600 * 1000;

/** Between the clock of the server, of the page and of what the account may: a link is asked for that ends a little earlier. */
const SLACK = 60_000;

/** Into the clipboard what is still on its way: browsers want to be asked at the click. */
async function copied(/** @type {Promise<string>} */ text) {
  if (typeof ClipboardItem === "function" && navigator.clipboard.write) {
    const blob = text.then((text) => new Blob([text], { type: "text/plain" }));
    return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  }
  return navigator.clipboard.writeText(await text);
}

export class Actions {
  /** @type {{ what: "copy" | "move", paths: string[] } | null} */
  kept = null;

  constructor(/** @type {any} */ browser) {
    this.browser = browser;
  }

  /** The menu for entries: what may be done with all of them. */
  for(/** @type {Entry[]} */ entries) {
    const { browser } = this;
    const only = entries.length === 1 ? entries[0] : null;
    const all = (what) => entries.every(({ kind }) => browser.may(`${what}_${kind === "d" ? "dirs" : "files"}`));
    const items = [];
    if (browser.may("share")) items.push({ icon: "share", text: t("share"), key: "s", act: () => this.share(entries) });
    if (browser.may("share") && navigator.clipboard) items.push({ icon: "link", text: t("copy_link"), act: () => this.link(entries) });
    if (browser.may("download")) {
      items.push(only && only.kind !== "d" ? { icon: "download", text: t("download"), href: api.fileAddress(browser.at(only)) } : { icon: "zip", text: t("download_zip"), act: () => this.zip(entries) });
      if (only && browser.isOffice(only)) items.push({ icon: "edit", text: t("open_office"), href: browser.officeAddress(only), bulk: false });
      if (only && isEditable(only)) items.push({ icon: "edit", text: t("edit"), href: `/web/client/editfile?path=${browser.at(only)}`, bulk: false });
    }
    if (only && all("rename")) items.push({ icon: "edit", text: t("rename"), key: "F2", act: () => this.rename(only) });
    if (all("rename")) items.push({ icon: "move", text: t("move"), act: () => this.place(entries, "move") });
    if (browser.may("copy")) items.push({ icon: "copy", text: t("copy_to"), act: () => this.place(entries, "copy") });
    if (all("delete")) items.push({ icon: "trash", text: t("delete"), key: "Del", bad: true, act: () => this.remove(entries) });
    return items;
  }

  /** Does something and says so; the list is read again either way. */
  async run(/** @type {() => Promise<{ text: string, focus?: string } | null>} */ work) {
    try {
      const done = await work();
      if (!done) return;
      toast(done.text);
      await this.browser.reload(done.focus);
    } catch (error) {
      this.browser.refused(error);
      // Without a session there is nothing to read anew.
      if (error.status !== 401) await this.browser.reload();
    }
  }

  isTaken(/** @type {string} */ name) {
    return this.browser.entries.some((entry) => entry.name === name);
  }

  async newFolder() {
    const { browser } = this;
    if (!browser.may("create_dirs")) return;
    const make = (/** @type {string} */ name) => api.send("POST", api.address("/user/dirs", { path: join(browser.path, encode(name)) }));
    const name = await askName({ title: t("new_folder"), text: t("create_folder"), check: (name) => wrongName(name) || (this.isTaken(name) ? t("exists") : ""), work: make });
    if (name !== null) await this.run(async () => ({ text: t("made", name), focus: encode(name) }));
  }

  /** In place: the name becomes a field. What is refused stays in it. */
  rename(/** @type {Entry} */ entry) {
    const { browser } = this;
    if (!browser.may(entry.kind === "d" ? "rename_dirs" : "rename_files")) return;
    const index = browser.shown.indexOf(entry);
    browser.rows.focus(index);
    const label = browser.rows.made.get(index)?.querySelector(".name");
    if (!label) return;
    const work = async (/** @type {string} */ name) => {
      await api.send("PATCH", api.address(entry.kind === "d" ? "/user/dirs" : "/user/files", { path: browser.at(entry), target: join(parent(browser.at(entry)), encode(name)) }));
      await this.run(async () => ({ text: t("renamed", entry.name, name), focus: encode(name) }));
    };
    nameField(label, { name: entry.name, isFolder: entry.kind === "d", isTaken: (name) => this.isTaken(name), work, refused: (error) => browser.refused(error), end: () => browser.rows.focus(index, true) });
  }

  async remove(/** @type {Entry[]} */ entries) {
    const { browser } = this;
    if (!entries.length || !entries.every(({ kind }) => browser.may(kind === "d" ? "delete_dirs" : "delete_files"))) return;
    const at = (/** @type {Entry} */ entry) => browser.at(entry);
    const { isMeant, remove } = await import("./remove.37368650d9.js");
    if (!(await isMeant(entries, at))) return;
    const first = browser.shown.indexOf(entries[0]);
    const next = browser.shown.slice(first).find((entry) => !entries.includes(entry)) ?? browser.shown[first - 1];
    browser.selection.chosen.clear();
    await this.run(async () => {
      const gone = await remove(entries, { at, wait: (response) => this.wait(response) });
      if (!gone) return browser.reload();
      return { text: gone === 1 && entries.length === 1 ? t("deleted", entries[0].name) : count("deleted_n", gone), focus: next?.enc };
    });
  }

  async place(/** @type {Entry[]} */ entries, /** @type {"copy" | "move"} */ what) {
    const title = entries.length === 1 ? t(`${what}_one`, entries[0].name) : count(`${what}_many`, entries.length);
    const target = await pickFolder({ title, text: t(`${what}_here`), start: this.browser.path });
    if (target !== null) await this.put(entries.map((entry) => this.browser.at(entry)), target, what);
  }

  /** Remembers entries for pasting elsewhere. */
  keep(/** @type {"copy" | "move"} */ what) {
    const entries = this.browser.selection.targets();
    if (!entries.length) return;
    this.kept = { what, paths: entries.map((entry) => this.browser.at(entry)) };
    toast(count(what === "copy" ? "kept_copy" : "kept_move", entries.length));
  }

  async paste() {
    if (!this.kept) return;
    const { what, paths } = this.kept;
    if (what === "move") this.kept = null;
    await this.put(paths, this.browser.path, what);
  }

  async put(/** @type {string[]} */ paths, /** @type {string} */ target, /** @type {"copy" | "move"} */ what) {
    await this.run(async () => {
      const there = new Set((await api.list(target)).map(({ name }) => name));
      let mode = "";
      if (paths.some((path) => there.has(readable(last(path))) && !(what === "move" && parent(path) === target))) {
        mode = await ask({ title: t("names_taken"), lead: t("names_taken_lead"), buttons: [{ value: "keep", text: t("keep_both"), class: "btn-primary" }, { value: "skip", text: t("skip") }, { value: "", text: t("cancel") }] });
        if (!mode) return null;
      }
      let done = 0;
      for (const path of paths) {
        let name = readable(last(path));
        if (what === "move" && parent(path) === target) continue;
        if (there.has(name)) {
          if (mode === "skip") continue;
          name = freeName(name, (other) => there.has(other));
        }
        const end = name === readable(last(path)) ? last(path) : encode(name);
        await this.wait(await api.send("POST", api.address(`/user/file-actions/${what}`, { path, target: join(target, end) }), { headers: LATER }));
        there.add(name);
        done += 1;
      }
      return { text: t(`${what}_done`, done, target === "/" ? t("home") : readable(last(target))) };
    });
  }

  /** Long work goes on as a job on the server; it is asked until it is over, and says how far it is where that takes a while. */
  async wait(/** @type {Response} */ response) {
    if (response.status !== 202) return;
    const { id } = await response.json();
    const address = api.address(`/x/jobs/${id}`);
    const line = progress({ text: t("stop"), stop: () => api.send("DELETE", address).catch(() => {}) });
    const begun = performance.now();
    try {
      for (let pause = 200; ; pause = Math.min(1000, pause * 1.5)) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        const job = await (await api.send("GET", address)).json();
        if (job.state === "done") return;
        if (job.state !== "running") throw Object.assign(job.status ? api.refusal(job.status, JSON.stringify({ error: job.error })) : new Error(job.error ?? t("stopped")), { at: job.stopped_at, isStopped: job.state === "cancelled" });
        if (performance.now() - begun > SOON) line.say(t(`job_${job.kind}`, [count("entries_n", job.entries), job.bytes ? size(job.bytes) : ""].filter(Boolean).join(", ")));
      }
    } finally {
      line.end();
    }
  }

  /** Several entries as one archive: a form, so that the browser takes the answer as a download. */
  zip(/** @type {Entry[]} */ entries) {
    const form = el("form", { method: "post", action: "/web/client/downloadzip", hidden: true, "data-again": true },
      el("input", { name: "_form_token", value: this.browser.dataset.token }),
      el("input", { name: "files", value: JSON.stringify(entries.map((entry) => this.browser.at(entry))) }));
    document.body.append(form);
    form.submit();
    form.remove();
  }

  /** When a link ends that is made now: in a week, or as late as the account may. */
  get linkEnd() {
    const latest = Number(this.browser.dataset.latest);
    const week = Date.now() + WEEK;
    // What the server said of the end was so when it made the page.
    return latest ? Math.min(week, Math.floor(latest + performance.now() - SLACK)) : week;
  }

  /** A link that is made and copied at once, to look and to download. */
  async link(/** @type {Entry[]} */ entries) {
    if (!entries.length) return;
    const made = this.makeLink(entries);
    try {
      await copied(made.then(({ link }) => link));
      const { id, end } = await made;
      toast(t("link_copied", moment(end)), { action: { text: t("link_options"), act: () => location.assign(`/web/client/share/${encode(id)}`) } });
    } catch {
      // The clipboard has words of its own for a link that was not made.
      await made.then(({ link }) => toast(t("link_made", link)), (error) => this.browser.refused(error));
    }
  }

  async makeLink(/** @type {Entry[]} */ entries) {
    const paths = entries.map((entry) => readable(this.browser.at(entry)));
    const name = entries.length === 1 ? entries[0].name : `${entries[0].name} …`;
    const end = this.linkEnd;
    const share = { name: name.slice(0, 255), paths, scope: 1, expires_at: end };
    const answer = await api.send("POST", api.address("/user/shares"), { json: share });
    const id = answer.headers.get("X-Object-ID");
    // The address is what the page of the link shows: the server knows by which name it is reached.
    const shown = await api.send("GET", `/web/client/share/${encode(id)}/link`);
    const text = await shown.text();
    return { id, end, link: new DOMParser().parseFromString(text, "text/html").querySelector("#link").value };
  }

  share(/** @type {Entry[]} */ entries) {
    if (!entries.length) return;
    const paths = entries.map((entry) => `paths=${this.browser.at(entry)}`);
    location.assign(`/web/client/share?${paths.join("&")}`);
  }
}
