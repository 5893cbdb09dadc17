// The pages in Debian's Chromium. `node run.mjs` is the short form for the fast tier: from the setup link to a user, and axe on
// what was seen. `--full` goes through every object and looks at every page in both themes and two widths. With SHOTS=folder a
// picture of every page is left there.
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { badInput, lostConnection, otherTabs } from "./faults.mjs";
import { keyboard } from "./keyboard.mjs";
import { start } from "./server.mjs";

const full = process.argv.includes("--full");
const binary = process.env.ENTREPOT ?? fileURLToPath(new URL("../../target/debug/entrepot", import.meta.url));
const shots = process.env.SHOTS;
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PASSWORD = "correct horse battery staple";
const problems = [];
let checks = 0;

const server = await start(binary);
const base = new URL(server.link).origin;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, locale: "en-GB", reducedMotion: "reduce" });
const page = await context.newPage();
/** Answers that are meant to be refusals: their line on the console is no problem. */
let refusals = false;
page.on("console", (message) => {
  if (message.type() === "error" && !(refusals && /status of 4\d\d|Failed to load resource/.test(message.text()))) problems.push(`console: ${message.text()} (${page.url()})`);
});
page.on("pageerror", (error) => problems.push(`script: ${error} (${page.url()})`));
page.on("requestfailed", (request) => {
  const text = request.failure()?.errorText ?? "";
  if (!refusals && !/ERR_ABORTED/.test(text)) problems.push(`request: ${request.url()} ${text}`);
});
page.on("response", (response) => {
  if (new URL(response.url()).origin !== base) problems.push(`foreign: ${response.url()}`);
  if (response.status() >= 400 && !refusals) problems.push(`status ${response.status()}: ${response.url()}`);
});

function check(holds, what) {
  checks += 1;
  if (!holds) problems.push(`${what} (${page.url()})`);
}

/** What is refused on purpose is no problem while `act` runs. */
async function quietly(act) {
  refusals = true;
  await act();
  // The line on the console comes a moment after the answer.
  await page.waitForTimeout(50);
  refusals = false;
}

const go = (path) => page.goto(base + path, { waitUntil: "load" });
const heading = () => page.locator("h1").first().textContent();
const fill = (name, value) => page.locator(`[name="${name}"]`).first().fill(value);
/** A button, and the page that comes of it if it sends a form. */
async function press(name) {
  const button = page.getByRole("button", { name, exact: true }).first();
  const sends = await button.evaluate((button) => {
    globalThis.stays = true;
    return button.type === "submit" && button.form?.method === "post";
  });
  await button.click();
  if (sends) await page.waitForFunction(() => globalThis.stays === undefined && document.readyState === "complete");
}

/** No finding of axe that is serious or critical. */
async function accessible(name) {
  // The policy of the page forbids scripts of others: this one comes by the protocol of the browser.
  await page.evaluate(await (await import("node:fs/promises")).readFile(axePath, "utf8"));
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations.filter(({ impact }) => impact === "serious" || impact === "critical")) {
    problems.push(`axe ${name}: ${violation.id} ${violation.help}: ${violation.nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary.split("\n")[1] ?? ""}`).join(" | ")}`);
  }
  checks += 1;
}

async function look(name) {
  await accessible(name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 1, `${name} scrolls sideways by ${wide} px`);
  if (shots) {
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  }
}

/** A step of the first start in both themes and widths. */
async function everyLook(name) {
  if (!full && !shots) return look(name);
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      await page.setViewportSize({ width, height });
      await look(`${name}-${theme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** From an empty folder to a link that is in the clipboard: every click is counted. */
async function firstStart() {
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  const button = (name) => page.getByRole("button", { name, exact: true }).first();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(server.link);
  await everyLook("setup-1-owner");
  await fill("username", "ana");
  await fill("password", PASSWORD);
  await fill("repeat", PASSWORD);
  await click(button("Create administrator"));
  check((await heading()) === "Where should files live?", "the first administrator is made");
  check((await page.locator(".tests li").count()) >= 5, "the folder was tried out");
  await everyLook("setup-2-files");
  await click(button("Continue"));
  check((await page.locator(".tests .is-ok").count()) >= 2, "the listeners answer");
  check((await page.locator(".tests .is-bad").count()) === 0, "no listener is silent");
  await everyLook("setup-3-reach");
  await click(button("Continue"));
  check((await page.locator('[name="username"]').inputValue()) === "ana", "the first person may be who sets up");
  await everyLook("setup-4-person");
  await fill("password", PASSWORD);
  await click(button("Create user"));
  await everyLook("setup-5-safety");
  await click(page.getByRole("link", { name: "Skip", exact: true }));
  check((await heading()) === "The server is ready", "the first start is done");
  check((await page.locator("main").textContent()).includes("ana@"), "the card names the user");
  check((await page.locator(".qr").count()) === 1, "the card has a picture for telephones");
  await everyLook("setup-6-done");
  await click(page.getByRole("link", { name: "Upload something" }));
  // The tools of the scripts are there: they take clicks over.
  await button("Upload").waitFor();
  const chooser = page.waitForEvent("filechooser");
  await click(page.locator(".empty .btn-primary"));
  clicks += 1; // in the dialog of the browser
  await (await chooser).setFiles({ name: "hello.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  const row = page.locator("tr[data-index]", { hasText: "hello.txt" });
  await row.waitFor();
  await click(row.locator(".c-date"));
  await click(page.getByRole("button", { name: "Copy link" }).first());
  await page.locator("#toasts", { hasText: "Link copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  check(link.startsWith(`${base}/s/`), `a link is in the clipboard: ${link}`);
  console.log(`from the setup link to a copied share link: ${clicks} clicks`);
  check(clicks <= 12, `${clicks} clicks`);
  const stranger = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  const got = await stranger.goto(link);
  check(got.status() === 200 && (await stranger.locator("main").textContent()).includes("hello.txt"), "the link leads to the file");
  await stranger.context().close();
  await go("/web/client/recent");
  check((await page.locator("main").textContent()).includes("hello.txt"), "what was done last is there");
  await everyLook("recent");
}

/** The steps can be taken again, and keep what they do not show. */
async function stepsAgain() {
  await go("/web/admin/setup/person");
  await fill("username", "yrsa");
  await fill("password", PASSWORD);
  await page.getByText("Team folder", { exact: true }).click();
  await fill("folder", "Yard");
  await page.locator('[name="me"]').uncheck();
  await press("Create user");
  const phrase = await page.locator('[name="passphrase"]').inputValue();
  check(phrase.length >= 20, "a passphrase is proposed");
  await press("Back up every night");
  check((await heading()) === "The server is ready", "backups are set");
  await go("/web/admin/setup/safety");
  check((await page.locator('[name="passphrase"]').inputValue()) === "", "the passphrase is not shown again, and no other is proposed");
  await everyLook("setup-5-safety-again");
  refusals = true;
  await go("/web/admin/setup/person");
  await fill("username", "bo");
  await fill("password", PASSWORD);
  await page.getByText("Team folder", { exact: true }).click();
  await fill("folder", "Yard");
  await press("Create user");
  check((await page.locator('[name="existing"]').count()) === 1, "a folder that is there is shared after a question");
  await everyLook("setup-4-person-folder");
  await go("/web/admin/setup/files?other=/proc/self");
  await everyLook("setup-2-files-bad");
  refusals = false;
}

/** The first user of the other tests. */
async function firstUser() {
  await go("/web/admin/user");
  await fill("username", "ingrid.holm");
  await fill("password", PASSWORD);
  await fill("quota_size", "50 GB");
  await press("Create user");
  check((await heading()) === "ingrid.holm", "a user is made");
  check((await page.locator(".says").allTextContents()).join().includes("50 GB"), "the limit is shown");
}

/** Ctrl+K finds whatever has a name. */
async function palette() {
  await go("/web/admin/overview");
  await page.keyboard.press("Control+k");
  await page.waitForSelector(".palette[open] .hits a");
  await look("palette");
  await page.keyboard.type("grid");
  await page.waitForSelector(".palette .hits a[href='/web/admin/user/ingrid.holm']");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForLoadState();
  check((await heading()) === "ingrid.holm", "the palette goes to what it found");
}

/** An invitation, several at once, the end of a share, a question to the rules. */
async function quickWays() {
  await go("/web/admin/user/ingrid.holm");
  await press("Invite by link");
  await everyLook("invite");
  await press("Make a link");
  const link = (await page.locator("#link").textContent()).trim();
  await look("invitation");
  const guest = await (await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB", reducedMotion: "reduce" })).newPage();
  await guest.goto(link);
  await guest.locator('[name="password"]').fill(`${PASSWORD} 2`);
  await guest.locator('[name="repeat"]').fill(`${PASSWORD} 2`);
  if (shots) await guest.screenshot({ path: `${shots}/invited.png` });
  await guest.getByRole("button", { name: "Set password and sign in" }).click();
  check(guest.url().startsWith(`${base}/web/client/files`), "who was invited is in");
  const again = await guest.goto(link);
  check(again.status() === 410, "the invitation works once");
  await guest.context().close();
  await go("/web/admin/users");
  check(!(await page.locator(".bulk").isVisible()), "nothing to act upon, no bar");
  await page.locator('[name="name"][value="ingrid.holm"]').check();
  await look("bulk");
  await press("Disable");
  check((await page.locator(".flash").textContent()).includes("1 disabled"), "several at once");
  await page.locator('[name="name"][value="ingrid.holm"]').check();
  await press("Enable");
  await page.locator('[name="name"][value="ingrid.holm"]').check();
  await press("Delete");
  await everyLook("bulk-delete");
  await page.getByRole("link", { name: "Cancel" }).click();
  await go("/web/admin/managers");
  await page.locator('[name="name"][value="ana"]').check();
  await press("Disable");
  check((await page.locator(".lines").textContent()).includes("cannot disable yourself"), "what is refused for one is told");
  await everyLook("bulk-refused");
  await go("/web/admin/sharing");
  await everyLook("sharing");
  await page.getByRole("link", { name: /^End “/ }).first().click();
  await everyLook("sharing-end");
  await press("End");
  check((await page.locator(".flash").textContent()).includes("ended"), "a share is ended");
  await go("/web/admin/why?username=ingrid.holm&operation=upload&path=/x&protocol=SSH&ip=");
  check((await page.locator(".state").first().textContent()).includes("would happen"), "what is allowed is told");
  await everyLook("why");
}

/** Bad input comes back at its field, with what was typed. */
async function refusedInput() {
  refusals = true;
  await go("/web/admin/user");
  await fill("username", "b.kjaer");
  await fill("quota_size", "much");
  await press("Create user");
  check((await page.locator("#quota_size-error").count()) === 1, "the error is at its field");
  check((await page.locator("#username").inputValue()) === "b.kjaer", "what was typed is kept");
  check((await page.evaluate(() => document.activeElement?.id)) === "quota_size", "the wrong field has the focus");
  check((await page.locator('.flash a[href="#quota_size"]').count()) === 1, "what is said above leads to the field");
  refusals = false;
}

/** Kind, fields of the form that creates, card to edit, field in it, button to delete. */
const OBJECTS = [
  ["group", { name: "Boatyard" }, "basics", "description", "Delete group"],
  ["folder", { name: "projects", mapped_path: `${server.folder}/projects` }, "basics", "description", "Delete folder"],
  ["role", { name: "north" }, "basics", "description", "Delete role"],
  ["manager", { username: "bo", password: PASSWORD }, "about", "description", "Delete administrator"],
  ["eventaction", { name: "tell", "options.http_config.endpoint": "https://example.org/hook" }, "basics", "description", "Delete action"],
  ["eventrule", { name: "on-upload", "actions.0.name": "tell", "actions.0.order": "1" }, "basics", "description", "Delete rule"],
];
const TICKS = { manager: ["permissions", "view_users"], eventrule: ["conditions.fs_events", "upload"] };

async function objects() {
  const made = [];
  for (const [kind, fields, card, field] of OBJECTS) {
    await go(`/web/admin/${kind}`);
    const create = await page.locator(".sheet-foot .btn-primary").textContent();
    for (const [name, value] of Object.entries(fields)) await fill(name, value);
    if (TICKS[kind]) await page.locator(`[name="${TICKS[kind][0]}"][value="${TICKS[kind][1]}"]`).check();
    await press(create);
    const name = fields.name ?? fields.username;
    check((await heading()) === name, `${kind} is made`);
    const at = `/web/admin/${kind}/${encodeURIComponent(name)}`;
    made.push([kind, at]);
    await go(`${at}?card=${card}`);
    await fill(field, "For the yard");
    await press("Save");
    check((await page.locator("main").textContent()).includes("For the yard"), `${kind} is changed`);
  }
  await go("/web/admin/apikey");
  await fill("name", "robot");
  await press("Create API key");
  check(/^\w{22}\.\w{22}$/.test((await page.locator("#secret").textContent()).trim()), "the key is shown once");
  return made;
}

async function gone(made) {
  for (const [kind, at] of made.reverse()) {
    const label = OBJECTS.find(([other]) => other === kind)[4];
    await go(at);
    await page.getByRole("link", { name: label }).click();
    await press(label);
    check((await page.locator(".flash").textContent()).includes("deleted"), `${kind} is deleted`);
  }
}

const PAGES = ["overview", "activity", "events", "events?kind=provider", "events?kind=log", "users", "user", "user/ingrid.holm", "user/ingrid.holm?card=sign_in", "user/ingrid.holm?card=files", "user/ingrid.holm?card=limits", "user/ingrid.holm?card=access", "user/ingrid.holm?card=protocols", "user/ingrid.holm?card=storage", "user/ingrid.holm/json", "user/ingrid.holm/delete", "groups", "group/Boatyard", "folders", "folder/projects", "managers", "manager/bo?card=rights", "roles", "apikeys", "eventrules", "eventrule/on-upload?card=does", "eventactions", "eventaction/tell?card=action", "defender", "ip-lists", "ip-list/2", "status", "maintenance", "doctor", "log", "configs", "configs/common.idle_timeout", "profile", "sharing", "why", "why?username=ingrid.holm&operation=upload&path=/report.pdf&protocol=FTP&ip=192.0.2.9", "find?q=in", "setup/files", "setup/reach", "setup/person", "setup/safety", "setup/done", "changepwd", "mfa", "more", "nothing"];

async function everyPage() {
  const widths = [[1440, 900], [390, 844]];
  for (const theme of ["light", "dark"]) {
    await context.addCookies([{ name: "__Host-entrepot-theme", value: theme, url: base, secure: true }]);
    for (const [width, height] of widths) {
      await page.setViewportSize({ width, height });
      for (const path of PAGES) {
        refusals = path === "nothing";
        await go(`/web/admin/${path}`);
        await look(`${path.replace(/[/?=&]/g, "-").slice(0, 60)}-${theme}-${width}`);
        refusals = false;
      }
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** What pages weigh, as gzip: the budgets of the design. */
async function weights() {
  const weigh = async (path, budget) => {
    const parts = [];
    const note = (response) => parts.push(response);
    page.on("response", note);
    await go(path);
    page.off("response", note);
    let total = 0;
    for (const response of parts) total += gzipSync(await response.body().catch(() => Buffer.alloc(0)), { level: 9 }).length;
    check(total <= budget, `${path} weighs ${total} bytes, more than ${budget}`);
    console.log(`${path}: ${total} bytes`);
  };
  await weigh("/web/admin/overview", 60_000);
  await weigh("/web/admin/user/ingrid.holm", 60_000);
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await weigh("/web/admin/login", 30_000);
  check((await page.locator("script").count()) === 0, "the login has no script");
}

async function signInWithoutScripts() {
  const plain = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
  const other = await plain.newPage();
  await other.goto(`${base}/web/admin/users`);
  await other.locator('[name="username"]').fill("ana");
  await other.locator('[name="password"]').fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  check(other.url() === `${base}/web/admin/users`, "the login leads back to where a page was asked for");
  await other.goto(`${base}/web/admin/user/ingrid.holm?card=limits`);
  await other.locator('[name="max_sessions"]').fill("6");
  await other.getByRole("button", { name: "Save" }).click();
  check((await other.locator("main").textContent()).includes("6 sessions"), "a card is saved without scripts");
  await plain.close();
}

/** The session ends while somebody types: what was typed is there again after signing in, the password is not. */
async function typedSurvives() {
  await go("/web/admin/user/ingrid.holm?card=access");
  await fill("filters.access_time.0.from", "08:00");
  await fill("filters.access_time.0.to", "17:00");
  await fill("filters.access_time.1.from", "09:00");
  await fill("filters.access_time.1.to", "16:00");
  await fill("filters.access_time.2.from", "10:00");
  await fill("filters.access_time.2.to", "15:00");
  await context.clearCookies();
  await press("Save");
  check(new URL(page.url()).pathname === "/web/admin/login", "without a session there is the login");
  check((await page.locator(".note").textContent()).includes("session has ended"), "which says why");
  await fill("username", "ana");
  await fill("password", PASSWORD);
  await press("Sign in");
  check(page.url().endsWith("/web/admin/user/ingrid.holm?card=access"), "the login leads back to the form");
  check((await page.locator('[name="filters.access_time.2.to"]').inputValue()) === "15:00", "what was typed is there again, with its rows");
  check((await page.locator(".note-info").count()) === 1, "and the page says so");
  await press("Save");
  check((await page.locator("main").textContent()).includes("09:00"), "it can be saved");
  await go("/web/admin/user/ingrid.holm?card=access");
  check((await page.locator(".note-info").count()) === 0, "nothing is kept any longer");
}

try {
  await firstStart();
  await firstUser();
  await look("user-new");
  await palette();
  await refusedInput();
  await look("user-refused");
  await quickWays();
  await stepsAgain();
  await signInWithoutScripts();
  await typedSurvives();
  await go("/web/client/login");
  await fill("username", "ana");
  await fill("password", PASSWORD);
  await press("Sign in");
  const hands = { page, context, base, server, check, quietly, look };
  await lostConnection(hands);
  await otherTabs(hands);
  await badInput(hands);
  await keyboard(hands)(full, "ana");
  if (full) {
    const made = await objects();
    await everyPage();
    await gone(made);
  } else {
    for (const path of ["overview", "users", "configs"]) {
      await go(`/web/admin/${path}`);
      await look(path);
    }
  }
  await weights();
  for (const theme of ["light", "dark"]) {
    await context.addCookies([{ name: "__Host-entrepot-theme", value: theme, url: base, secure: true }]);
    await go("/web/admin/login");
    await look(`login-${theme}`);
  }
} catch (error) {
  problems.push(`${error.stack}\nat ${page.url()}`);
  if (shots) await page.screenshot({ path: `${shots}/failure.png` }).catch(() => {});
} finally {
  await browser.close();
  await server.stop();
}
console.log(`${checks} checks, ${problems.length} problems`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
