// The queue of uploads: three at a time, each with its state.

import { giveUp, sendFile } from "./send.9fd08d61ed.js";
import * as unfinished from "./unfinished.e5f6eaef4d.js";

/** Files that are sent at the same time. */
const PARALLEL = 3;

/** @typedef {{ file: File, path: string, name: string, state: "waiting" | "sending" | "paused" | "done" | "failed", sent: number, error?: string, url?: string, stalled?: boolean, abort?: AbortController }} Item */

export class Queue {
  /** @type {Item[]} */
  items = [];
  /** Bytes that went over the line lately, for the rate. */
  marks = /** @type {{ at: number, bytes: number }[]} */ ([]);

  constructor(/** @type {import("./send.9fd08d61ed.js").Target} */ target, /** @type {string} */ user, /** @type {{ changed: () => void, arrived: (item: Item) => void, ended: () => void }} */ of) {
    this.target = target;
    this.user = user;
    this.of = of;
  }

  add(/** @type {{ file: File, path: string, name: string, url?: string }[]} */ files) {
    for (const file of files) this.items.push({ ...file, state: "waiting", sent: 0 });
    this.pump();
  }

  get active() {
    return this.items.some(({ state }) => state === "waiting" || state === "sending");
  }

  get total() {
    return this.items.reduce((sum, { file, state }) => (state === "failed" ? sum : sum + file.size), 0);
  }

  get sent() {
    return this.items.reduce((sum, { sent, state }) => (state === "failed" ? sum : sum + sent), 0);
  }

  get percent() {
    return this.total ? Math.floor((this.sent / this.total) * 100) : this.active ? 0 : 100;
  }

  /** Bytes a second, over the last ten seconds. */
  get rate() {
    const { marks } = this;
    if (marks.length < 2) return 0;
    const [first, end] = [marks[0], marks[marks.length - 1]];
    return end.at > first.at ? Math.max(0, (end.bytes - first.bytes) / ((end.at - first.at) / 1000)) : 0;
  }

  mark() {
    const now = performance.now();
    const end = this.marks[this.marks.length - 1];
    if (end && now - end.at < 250) return;
    this.marks.push({ at: now, bytes: this.sent });
    while (this.marks[0].at < now - 10_000) this.marks.shift();
  }

  pump() {
    let running = this.items.filter(({ state }) => state === "sending").length;
    for (const item of this.items) {
      if (running >= PARALLEL) break;
      if (item.state !== "waiting") continue;
      running += 1;
      this.run(item);
    }
    this.of.changed();
  }

  async run(/** @type {Item} */ item) {
    const { file, path } = item;
    item.state = "sending";
    item.abort = new AbortController();
    try {
      await sendFile(file, path, this.target, {
        signal: item.abort.signal,
        url: item.url,
        began: (url) => {
          item.url = url;
          unfinished.add(this.user, { name: file.name, size: file.size, time: file.lastModified, path, url, since: Date.now() });
        },
        progress: (bytes) => { item.sent = Math.min(bytes, file.size); this.mark(); this.of.changed(); },
        waiting: (is) => { item.stalled = is; this.of.changed(); },
      });
      item.state = "done";
      item.sent = file.size;
      unfinished.forget(this.user, path);
      this.of.arrived(item);
    } catch (error) {
      if (error.name === "AbortError") {
        if (item.state === "sending") item.state = "paused";
      } else {
        item.state = "failed";
        item.error = error.message;
        if (error.status !== 0 && error.status !== 401) unfinished.forget(this.user, path);
      }
    }
    item.stalled = false;
    this.pump();
    if (!this.active) this.of.ended();
  }

  pause(/** @type {Item} */ item) {
    if (item.state === "waiting") item.state = "paused";
    item.abort?.abort();
    this.of.changed();
  }

  /** Goes on, or tries again. */
  resume(/** @type {Item} */ item) {
    item.state = "waiting";
    item.error = undefined;
    if (!item.url) item.sent = 0;
    this.pump();
  }

  /** Takes one out of the list, and what it left out of the server. */
  drop(/** @type {Item} */ item) {
    const running = item.state === "sending";
    this.items = this.items.filter((other) => other !== item);
    if (running) {
      item.state = "paused";
      item.abort?.abort();
    }
    if (item.url && item.state !== "done") {
      giveUp(item.url, this.target);
      unfinished.forget(this.user, item.path);
    }
    this.pump();
  }

  clear() {
    this.items = this.items.filter(({ state }) => state !== "done" && state !== "failed");
    this.of.changed();
  }
}
