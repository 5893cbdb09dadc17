// Every object of administrators and users by keyboard alone: created, found, changed, deleted. Nothing here clicks, and nothing
// puts a value into a field that Tab did not lead to. At every stop the focus has to be seen.
import { createHmac } from "node:crypto";

const PASSWORD = "correct horse battery staple";
/** Presses of Tab until something has to have been reached. */
const FAR = 160;

/**
 * Objects of administrators. `rail` and `tab` lead to the list; `create` are names of fields with what is typed there (true ticks
 * a box, `pick` chooses in a menu by its text); `edit` is the card, the field in it, and what is typed.
 */
const OBJECTS = [
  { kind: "role", rail: "People", tab: "Roles", add: "Create role", create: { name: "south" }, edit: ["Description", "description", "For the yard"], remove: "Delete role" },
  { kind: "group", rail: "People", tab: "Groups", add: "Create group", create: { name: "Riggers" }, edit: ["Description", "description", "For the yard"], remove: "Delete group" },
  { kind: "user", rail: "People", add: "Create user", create: { username: "sven.dahl", password: PASSWORD, quota_size: "5 GB" }, edit: ["Limits", "max_sessions", "3"], says: "3 sessions", remove: "Delete user" },
  { kind: "administrator", rail: "People", tab: "Administrators", add: "Create administrator", create: { username: "tora", password: PASSWORD, 'permissions"][value="view_users': true }, edit: ["About", "description", "For the yard"], remove: "Delete administrator" },
  { kind: "API key", rail: "People", tab: "API keys", add: "Create API key", create: { name: "crane" }, once: true, edit: ["Key", "description", "For the yard"], remove: "Delete API key" },
  { kind: "folder", rail: "Folders", add: "Create folder", create: { name: "sails", mapped_path: ({ folder }) => `${folder}/sails` }, edit: ["Description", "description", "For the yard"], remove: "Delete folder" },
  { kind: "action", rail: "Automation", tab: "Actions", add: "Create action", create: { name: "ring", "options.http_config.endpoint": "https://example.org/bell" }, edit: ["Description", "description", "For the yard"], remove: "Delete action", stays: true },
  { kind: "rule", rail: "Automation", add: "Create rule", create: { name: "on-arrival", 'conditions.fs_events"][value="upload': true, "actions.0.name": "ring", "actions.0.order": "1" }, edit: ["Description", "description", "For the yard"], remove: "Delete rule" },
];

/** What the fast tier goes through. */
export const FEW = ["group", "network"];

export function keyboard({ page, base, server, check, look }) {
  const focused = (locator) => locator.evaluateAll((found) => found.includes(document.activeElement));
  const main = () => page.locator("main");
  const heading = async () => (await page.locator("h1").first().textContent()).trim();

  /** What has the focus: its name, and whether somebody sees that it has it. */
  const stop = () => page.evaluate(() => {
    const field = document.activeElement;
    if (!field || field === document.body) return null;
    const label = `${field.tagName.toLowerCase()} ${field.getAttribute("aria-label") ?? field.name ?? ""} ${field.textContent.trim().slice(0, 30)}`;
    // Fields that are drawn by their label show it there.
    const shows = (element) => {
      const style = getComputedStyle(element);
      return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
    };
    const drawn = [field, field.parentElement, field.parentElement?.parentElement].filter(Boolean);
    const box = field.classList.contains("vh") ? field.parentElement.getBoundingClientRect() : field.getBoundingClientRect();
    const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    const x = Math.min(innerWidth - 1, Math.max(0, box.left + Math.min(box.width / 2, 40)));
    const y = Math.min(innerHeight - 1, Math.max(0, box.top + Math.min(box.height / 2, 20)));
    const top = document.elementFromPoint(x, y);
    const covered = top && !field.contains(top) && !top.contains(field) && !field.labels?.length;
    return { label, seen: drawn.some(shows), inside, covered: covered ? top.outerHTML.slice(0, 80) : "" };
  });

  const told = new Set();
  async function seen() {
    const here = await stop();
    if (!here) return;
    const say = (what) => {
      const problem = `${what}: ${here.label} (${new URL(page.url()).pathname})`;
      if (!told.has(problem)) check(false, problem);
      told.add(problem);
    };
    if (!here.seen) say("the focus is not seen");
    if (!here.inside) say("the focus is outside of the window");
    if (here.covered) say(`the focus is covered by ${here.covered}`);
  }

  /** Presses Tab until the focus is there. */
  async function reach(locator, what, key = "Tab") {
    for (let presses = 0; presses < FAR; presses += 1) {
      if (await focused(locator)) return;
      await page.keyboard.press(key);
      await seen();
    }
    throw new Error(`Tab does not lead to ${what ?? locator}`);
  }

  /** Enter on a link or a button, and the page that comes of it. */
  async function enter(locator, what, key) {
    await reach(locator, what, key);
    await send();
  }

  /** Enter, and the page that comes of it. */
  async function send() {
    await page.evaluate(() => { globalThis.stays = true; });
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => globalThis.stays === undefined && document.readyState === "complete");
    await seen();
  }

  const link = (name) => main().getByRole("link", { name, exact: true });
  const button = (name) => main().getByRole("button", { name, exact: true });
  const field = (name) => page.locator(`main [name="${name}"]:not([type=hidden])`);

  /** Over what is on every page. */
  async function skip() {
    // What came of the last step may have the focus, and a search keeps the fragment of the address: there is nothing to skip.
    if (await page.evaluate(() => location.hash === "#main" || document.activeElement.closest("main") !== null)) return;
    await page.keyboard.press("Tab");
    check(await focused(page.locator(".skip")), "the first stop skips to the content");
    await page.keyboard.press("Enter");
    check(await focused(main()), "skipping leads to the content");
  }

  async function type(name, value) {
    await reach(field(name), name);
    if (value === true) return page.keyboard.press("Space");
    if (value.pick) return page.keyboard.type(value.pick);
    await page.keyboard.press("Control+a");
    await page.keyboard.type(value);
  }

  async function list({ rail, tab }) {
    await enter(page.locator(".rail-nav").getByRole("link", { name: rail, exact: true }), rail);
    if (!tab) return;
    await skip();
    await enter(link(tab), tab);
  }

  async function flash(word, what) {
    const said = page.locator(".flash");
    check((await said.count()) === 1 && (await said.textContent()).includes(word), `${what}: ${word}`);
    check(await focused(said), `${what}: what came of it has the focus`);
  }

  /** The page that asks has the focus on the way back; the button before it deletes. */
  async function remove(label, what, ask = link(label)) {
    await enter(ask, label);
    check(await focused(link("Cancel")), `${what}: before it is deleted, Cancel has the focus`);
    await enter(button(label), label, "Shift+Tab");
    await flash(/Delete link/.test(label) ? "deleted" : "", `${what} is deleted`);
  }

  async function find(name) {
    await skip();
    await reach(field("q"), "the search");
    await page.keyboard.type(name);
    await send();
    await skip();
    await enter(main().locator("a.name", { hasText: name }), name);
  }

  async function object(one) {
    const { kind, add, create, edit: [card, changed, value] } = one;
    await page.goto(`${base}/web/admin/overview`);
    await list(one);
    await skip();
    await enter(link(add), add);
    const [first] = Object.keys(create);
    check(await focused(field(first)), `${kind}: the first field of the form has the focus`);
    for (const [name, typed] of Object.entries(create)) await type(name, typeof typed === "function" ? typed(server) : typed);
    await enter(button(add), add);
    if (one.once) await enter(link("I have kept it"), "the way on");
    else await flash("is created", kind);
    const name = await heading();
    check(one.once || name === create[first], `${kind} is made`);
    await page.goto(`${base}/web/admin/overview`);
    await list(one);
    await find(one.once ? name : create[first]);
    check((await heading()) === name, `${kind} is found`);
    await skip();
    await enter(link(`Edit ${card}`), `the card ${card}`);
    check(await page.evaluate(() => document.activeElement.closest(".drawer") !== null), `${kind}: the form that was opened has the focus`);
    await type(changed, value);
    await enter(button("Save"), "Save");
    await flash("is saved", kind);
    check((await main().textContent()).includes(one.says ?? value), `${kind} is changed`);
    if (!one.stays) await gone(one, name);
    return name;
  }

  async function gone(one, name) {
    if (!(await heading()).includes(name)) {
      await list(one);
      await find(name);
    }
    await remove(one.remove, one.kind);
    check((await main().locator("a.name", { hasText: name }).count()) === 0, `${one.kind} is not in the list any more`);
  }

  /** An entry of an IP list. */
  async function network() {
    await page.goto(`${base}/web/admin/overview`);
    await list({ rail: "Security", tab: "IP lists" });
    await skip();
    await enter(link("Add entry"), "Add entry");
    check(await focused(field("ipornet")), "network: the first field of the form has the focus");
    await type("ipornet", "203.0.113.0/24");
    await enter(button("Save"), "Save");
    await flash("is created", "network");
    await skip();
    await type("q", "203.0");
    await enter(button("Show"), "Show");
    await skip();
    await enter(main().locator("a.name", { hasText: "203.0.113.0/24" }), "the entry");
    await type("description", "For the yard");
    await enter(button("Save"), "Save");
    await flash("is saved", "network");
    check((await main().textContent()).includes("For the yard"), "network is changed");
    await enter(main().locator("a.name", { hasText: "203.0.113.0/24" }), "the entry");
    await skip();
    await remove("Delete entry", "network");
  }

  /** Shares of a user, their end by the administrator, and what is under “Me”. */
  async function share(user) {
    await page.goto(`${base}/web/client/files`);
    await enter(page.locator(".rail-nav").getByRole("link", { name: "Shared", exact: true }), "Shared");
    for (const name of ["Regatta", "Winter storage"]) {
      if ((await heading()) !== "Shared") await enter(page.locator(".rail-nav").getByRole("link", { name: "Shared", exact: true }), "Shared");
      await skip();
      await enter(link("New share"), "New share");
      check(await focused(field("name")), "share: the first field of the form has the focus");
      await type("name", name);
      await type("paths", "/");
      await enter(button("Create link"), "Create link");
      await flash("Link made", "share");
    }
    await enter(page.locator(".rail-nav").getByRole("link", { name: "Shared", exact: true }), "Shared");
    await skip();
    await enter(link("Edit Regatta"), "the share");
    await type("name", "Regatta 2027");
    await enter(button("Save"), "Save");
    await flash("Saved", "share");
    check((await main().textContent()).includes("Regatta 2027"), "the share is changed");
    await remove("Delete link", "share", link("Delete Regatta 2027"));
    await page.goto(`${base}/web/admin/overview`);
    await list({ rail: "Sharing" });
    await skip();
    await type("q", user);
    await send();
    await skip();
    await enter(link("End “Winter storage”"), "End");
    check(await focused(link("Cancel")), "before a share is ended, Cancel has the focus");
    await enter(button("End"), "End", "Shift+Tab");
    await flash("ended", "share");
  }

  /** A key, and a second factor: on and off. */
  async function me() {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE8iKrHHEYqyqMPQHLRGcMYNvTNOSUVmnCwsfrPBHF1m quay";
    await page.goto(`${base}/web/client/files`);
    await enter(page.locator(".rail-me"), "Me");
    await skip();
    await type("public_keys", key);
    await enter(button("Save"), "Save");
    await flash("Saved", "key");
    check((await field("public_keys").inputValue()).includes("quay"), "the key is there");
    await skip();
    await reach(field("public_keys"), "the keys");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Delete");
    await enter(button("Save"), "Save");
    check((await field("public_keys").inputValue()) === "", "the key is gone");
    await skip();
    await enter(main().locator("a[href$='/mfa']"), "second factor");
    await skip();
    await enter(main().locator("form[action$='generate'] button"), "set up");
    check(await focused(field("code")), "the code of the second factor has the focus");
    const secret = (await main().locator("code.codeline").textContent()).trim();
    for (const protocol of ["SSH"]) if (await page.locator(`[name="protocols"][value="${protocol}"]`).isChecked()) await reach(page.locator(`[name="protocols"][value="${protocol}"]`), protocol, "Shift+Tab");
    await type("code", totp(secret));
    await page.keyboard.press("Enter");
    await page.locator("#codes, .state.is-ok").first().waitFor();
    await look("keyboard-factor");
    await page.goto(`${base}/web/client/mfa`);
    await skip();
    await enter(main().locator("form[action$='disable'] button"), "turn off");
    check((await main().locator(".state.is-off").count()) === 1, "the second factor is off again");
  }

  /** Everything, or in the fast tier a group and a network. */
  return async function all(full, user) {
    for (const one of OBJECTS.filter(({ kind }) => full || FEW.includes(kind))) {
      console.log(`by keyboard: ${one.kind}`);
      await object(one);
    }
    const action = OBJECTS.find(({ stays }) => stays);
    if (full) await gone(action, action.create.name);
    console.log("by keyboard: network");
    await network();
    if (!full) return;
    console.log("by keyboard: shares, key, second factor");
    await share(user);
    await me();
  };
}

/** RFC 6238, for now: six digits, thirty seconds, SHA-1. */
function totp(secret) {
  const bits = [...secret.replace(/[=\s]/g, "").toUpperCase()].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
