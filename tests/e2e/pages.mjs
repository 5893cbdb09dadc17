// Every page of a server that is used: people, shares, rules, events and sessions that go on. `node pages.mjs` looks at each in
// both themes and two widths: no serious finding of axe, nothing on the console, no request that fails, no scrolling sideways,
// no text that is cut off. With SHOTS=folder a picture of every page is left there; ONLY=word looks at pages with that word, and
// HALF=1 at light ones on a wide screen and dark ones on a telephone.
import { randomBytes } from "node:crypto";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { mailbox } from "./mailbox.mjs";
import { start } from "./server.mjs";

const binary = process.env.ENTREPOT ?? fileURLToPath(new URL("../../target/debug/entrepot", import.meta.url));
const shots = process.env.SHOTS;
const only = process.env.ONLY;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PASSWORD = "correct horse battery staple";
const THEMES = ["light", "dark"];
const SIZES = [[1440, 900], [390, 844]];
const problems = [];
let checks = 0;
let refusals = false;

const mail = await mailbox();
const server = await start(binary, {
  ENTREPOT_SMTP__HOST: "127.0.0.1",
  ENTREPOT_SMTP__PORT: String(mail.port),
  ENTREPOT_SMTP__FROM: "harbour@example.org",
  ENTREPOT_SMTP__TEMPLATES_PATH: "",
  ENTREPOT_HOOK__HAS_SHARE_LEGAL_AGREEMENT: "true",
});
const base = new URL(server.link).origin;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const { context, page } = await visitor();

async function visitor() {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !(refusals && /status of [45]\d\d/.test(message.text()))) problems.push(`console: ${message.text()} (${page.url()})`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error} (${page.url()})`));
  page.on("requestfailed", (request) => {
    const text = request.failure()?.errorText ?? "";
    if (!/ERR_ABORTED/.test(text)) problems.push(`request: ${request.url()} ${text}`);
  });
  page.on("response", (response) => {
    if (new URL(response.url()).origin !== base) problems.push(`foreign: ${response.url()}`);
    if (response.status() >= 400 && !refusals) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  return { context, page };
}

function check(holds, what, at = page) {
  checks += 1;
  if (!holds) problems.push(`${what} (${at.url()})`);
}

/** Texts that are cut off without a way to read them: wider than their box, which hides the rest and has no ellipsis. */
const cut = () => [...document.querySelectorAll("main :is(a, button, span, p, h1, h2, h3, td, th, dd, code, label, legend)")]
  .filter((element) => {
    if (element.closest(".vh, [hidden], svg, .clip") || !element.textContent.trim() || element.getClientRects().length === 0) return false;
    const style = getComputedStyle(element);
    return style.overflowX === "hidden" && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
  })
  .map((element) => element.textContent.trim().slice(0, 40));

async function look(name, at) {
  await at.evaluate(axe);
  const found = await at.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations.filter(({ impact }) => impact === "serious" || impact === "critical")) {
    problems.push(`axe ${name}: ${violation.id} ${violation.help}: ${violation.nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary.split("\n")[1] ?? ""}`).join(" | ")}`);
  }
  const wide = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 1, `${name} scrolls sideways by ${wide} px`, at);
  const lost = await at.evaluate(cut);
  check(lost.length === 0, `${name} cuts off: ${lost.join(" | ")}`, at);
  if (!shots) return;
  await mkdir(shots, { recursive: true });
  await at.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

/** The page that is there, or the one at `path`, in every theme and width. */
async function everyLook(name, { path, at = page, settle, refused = false } = {}) {
  if (only && !name.includes(only)) return;
  refusals = refused;
  for (const theme of THEMES) {
    if (path) await at.context().addCookies([{ name: "__Host-entrepot-theme", value: theme, url: base, secure: true }]);
    else await at.emulateMedia({ colorScheme: theme });
    for (const [width, height] of SIZES) {
      if (process.env.HALF && (theme === "light") !== (width > 1000)) continue;
      await at.setViewportSize({ width, height });
      if (path) await at.goto(base + path, { waitUntil: "load" });
      if (settle) await settle(at);
      await look(`${name}-${theme}-${width}`, at);
    }
  }
  await at.setViewportSize({ width: 1440, height: 900 });
  refusals = false;
}

const basic = (name, password = PASSWORD) => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });

async function token(kind, name) {
  const answer = await context.request.get(`${base}/api/v2/${kind}token`, { headers: basic(name) });
  return { Authorization: `Bearer ${(await answer.json()).access_token}` };
}

async function post(headers, path, data, expected = 201) {
  const answer = await context.request.post(`${base}/api/v2/${path}`, { headers, data });
  check(answer.status() === expected, `POST ${path}: ${answer.status()} ${await answer.text()}`);
  return answer;
}

const LONG = "maria-fernanda.gonzalez-santamaria@shipyard-of-the-northern-harbour.example.org";
const FILES = ["Drawings/Hull 42, midship section.pdf", "Drawings/Rigging plan with all the amendments of the class surveyor, final, really final (3).pdf", "Photos/keel.jpg", "Notes.md", "Varnish schedule 10.xlsx", "Offer.docx"];

/** A yard in the middle of its year. */
async function seed() {
  await page.goto(server.link);
  await page.locator('[name="username"]').fill("ana");
  await page.locator('[name="password"]').fill(PASSWORD);
  await page.locator('[name="repeat"]').fill(PASSWORD);
  await page.getByRole("button", { name: "Create administrator" }).click();
  const admin = await token("", "ana");
  await post(admin, "roles", { name: "north", description: "Everything north of the lock" });
  for (const name of ["Boatyard", "Sales", "Class surveyors and insurers of the northern harbour"]) {
    await post(admin, "groups", { name, description: `${name}, all of it`, user_settings: { quota_size: 20_000_000_000, filters: name === "Sales" ? { share_policy: { mode: 2, permissions: 1 } } : {} } });
  }
  for (const name of ["projects", "archive-of-everything-that-was-ever-built-here-since-1897"]) await post(admin, "folders", { name, mapped_path: join(server.folder, name), description: "Shared by the yard" });
  const user = (username, more = {}) => ({ username, password: PASSWORD, status: 1, home_dir: join(server.folder, "homes", username), permissions: { "/": ["*"], "/in": ["list", "upload"] }, ...more });
  await post(admin, "users", user("ingrid.holm", { email: "ingrid@example.org", description: "Rigger", quota_size: 2_000_000_000, groups: [{ name: "Boatyard", type: 1 }, { name: "Sales", type: 2 }], virtual_folders: [{ name: "projects", virtual_path: "/projects", quota_size: -1, quota_files: -1 }] }));
  await post(admin, "users", user(LONG, { quota_size: 1_000_000, role: "north" }));
  await post(admin, "users", user("old.boat", { status: 0 }));
  await post(admin, "users", user("visitor", { expiration_date: Date.now() - 86_400_000 }));
  await post(admin, "users", user("drop.box", { permissions: { "/": ["list", "upload"] } }));
  await post(admin, "admins", { username: "bo", password: PASSWORD, status: 1, permissions: ["view_users", "edit_users", "view_conns"], role: "north", email: "bo@example.org" });
  await post(admin, "apikeys", { name: "nightly robot of the accounts department", scope: 1, admin: "ana" });
  await post(admin, "eventactions", { name: "tell", type: 1, options: { http_config: { endpoint: "https://example.org/hooks/incoming/from/the/yard", method: "POST", timeout: 20 } } });
  await post(admin, "eventrules", { name: "on-upload", status: 1, trigger: 1, conditions: { fs_events: ["upload"], options: { fs_paths: [{ pattern: "/in/**" }] } }, actions: [{ name: "tell", order: 1 }], description: "Tells the office about what arrives" });
  await post(admin, "eventrules", { name: "every-night", status: 0, trigger: 3, conditions: { schedules: [{ hour: "3", day_of_week: "*", day_of_month: "*", month: "*" }] }, actions: [{ name: "tell", order: 1 }] });
  await post(admin, "iplists/2", { type: 2, ipornet: "203.0.113.0/24", mode: 2, protocols: 0, description: "Noise" });
  // The guesses below shall not lock the test itself out.
  for (const ipornet of ["127.0.0.0/8", "::1/128", `${new URL(base).hostname}/32`]) await post(admin, "iplists/2", { type: 2, ipornet, mode: 1, protocols: 0, description: "This machine" });
  await post(admin, "iplists/2", { type: 2, ipornet: "2001:db8:1234:5678:9abc:def0::/96", mode: 1, protocols: 3, description: "The office, and those of it who work from home" });
  const mine = await token("user/", "ingrid.holm");
  for (const name of FILES) {
    const answer = await context.request.post(`${base}/api/v2/user/files/upload?path=${encodeURIComponent(`/${name}`)}&mkdir_parents=true`, { headers: mine, data: randomBytes(1000 + 37_000 * FILES.indexOf(name)) });
    check(answer.status() === 201, `upload: ${answer.status()} ${await answer.text()}`);
  }
  await context.request.get(`${base}/api/v2/user/files?path=/Notes.md`, { headers: mine });
  await context.request.delete(`${base}/api/v2/user/files?path=/Offer.docx`, { headers: mine });
  const box = await token("user/", "drop.box");
  await context.request.get(`${base}/api/v2/user/files?path=/nothing`, { headers: box });
  await context.request.delete(`${base}/api/v2/user/dirs?path=/keep`, { headers: box });
  await post(box, "user/dirs?path=/refused", undefined, 403);
  for (const name of ["ingrid.holm", "admin", "root"]) await context.request.get(`${base}/api/v2/user/token`, { headers: basic(name, "guess") });
  const share = async (more) => (await post(mine, "user/shares", { scope: 1, paths: ["/Drawings"], expires_at: Date.now() + 6e8, ...more })).headers()["x-object-id"];
  const shares = {
    open: await share({ name: "Drawings", description: "As promised on the phone. Tell me if the surveyor wants more." }),
    file: await share({ name: "One file", paths: ["/Notes.md"] }),
    secret: await share({ name: "Rigging plans for the class surveyor and for nobody else on earth", password: "larch-anchor-52" }),
    request: await share({ name: "Survey photos", scope: 2, paths: ["/Photos"], max_tokens: 10 }),
    both: await share({ name: "Exchange", scope: 3 }),
    coded: await share({ name: "By mail", options: { emails: ["surveyor@example.org"], auth_mode: 1 } }),
    agreed: await share({ name: "With an agreement", options: { legal_agreement: 1 } }),
    over: await share({ name: "Used up", max_tokens: 1 }),
  };
  await context.request.get(`${base}/api/v2/shares/${shares.over}`);
  return { admin, mine, shares };
}

/** A download that nobody reads, so that somebody is there. */
async function someone(mine) {
  const file = join(server.folder, "homes", "ingrid.holm", "drone-flight-over-the-harbour-in-the-evening-light.mp4");
  await writeFile(file, "");
  await truncate(file, 900_000_000);
  const { request } = await import(base.startsWith("https") ? "node:https" : "node:http");
  for (let number = 0; number < 2; number += 1) request(`${base}/api/v2/user/files?path=/${encodeURIComponent(file.split("/").pop())}`, { headers: mine, rejectUnauthorized: false }, slowly).on("error", () => {}).end();
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

/** Takes a little of an answer now and then: who takes nothing is left. */
function slowly(answer) {
  answer.pause();
  setInterval(() => answer.read(), 5000).unref();
}

const ADMIN = ["overview", "activity", "events", "events?kind=provider", "events?kind=log", "users", "users?q=nobody", "users?state=disabled&sort=last_login&order=desc", "user", "user?start=partner", "user/ingrid.holm", "user/ingrid.holm?card=sign_in", "user/ingrid.holm?card=files", "user/ingrid.holm?card=limits", "user/ingrid.holm?card=access", "user/ingrid.holm?card=protocols", "user/ingrid.holm?card=storage", "user/ingrid.holm?card=about", "user/ingrid.holm/json", "user/ingrid.holm/delete", "invites", "groups", "group", "group/Sales", "group/Sales?card=basics", "folders", "folder", "folder/projects", "managers", "manager", "manager/bo", "manager/bo?card=rights", "roles", "role", "role/north", "apikeys", "apikey", "eventrules", "eventrule", "eventrule/on-upload", "eventrule/on-upload?card=when", "eventrule/on-upload?card=conditions", "eventrule/on-upload?card=does", "eventactions", "eventaction", "eventaction/tell", "eventaction/tell?card=action", "defender", "ip-lists?kind=2", "ip-list/2", "ip-list/2/203.0.113.0%2F24", "ip-list/2/203.0.113.0%2F24/delete", "status", "hostkeys", "certificate", "maintenance", "doctor", "log", "log?least=error&q=nothing", "policy", "configs", "configs?q=idle", "configs/common.idle_timeout", "profile", "sharing", "why", "why?username=old.boat&operation=upload&path=/report.pdf&protocol=FTP&ip=192.0.2.9", "find?q=in", "find?q=type:user nobody", "setup/files", "setup/reach", "setup/person", "setup/safety", "setup/done", "changepwd", "mfa", "more", "nothing"];
const CLIENT = ["files", "files?path=/Drawings", "files?path=/nothing", "newfolder?path=/", "upload?path=/", "rename?path=/Notes.md", "delete?path=/Notes.md", "delete?path=/Drawings", "editfile?path=/Photos/keel.jpg", "shares", "share", "share?paths=/Notes.md", "recent", "connect", "profile", "changepwd", "mfa", "more", "nothing"];
const MISSING = /nothing|keel\.jpg/;
const word = (path) => path.replace(/[/?=&%]/g, "-").slice(0, 60);

async function admins() {
  for (const path of ADMIN) await everyLook(`admin-${word(path)}`, { path: `/web/admin/${path}`, refused: MISSING.test(path) });
  await page.goto(`${base}/web/admin/user/ingrid.holm`);
  await page.getByRole("button", { name: "Invite by link" }).click();
  await everyLook("admin-invite");
  await page.getByRole("button", { name: "Make a link" }).click();
  await everyLook("admin-invitation");
  const link = (await page.locator("#link").textContent()).trim();
  const { context: other, page: guest } = await visitor();
  await guest.goto(link);
  await everyLook("door-invite", { at: guest });
  refusals = true;
  await guest.locator('[name="password"]').fill("short");
  await guest.locator('[name="repeat"]').fill("other");
  await guest.locator("main button[type=submit], form button.btn-primary").first().click();
  await everyLook("door-invite-refused", { at: guest, refused: true });
  refusals = true;
  await guest.goto(`${link}x`);
  await everyLook("door-invite-gone", { at: guest, refused: true });
  await other.close();
  for (const [name, action] of [["users", "Delete"], ["managers", "Disable"]]) {
    await page.goto(`${base}/web/admin/${name}`);
    for (const box of await page.locator('.c-tick [name="name"]').all()) await box.check();
    await everyLook(`admin-bulk-${name}`);
    await Promise.all([page.waitForNavigation(), page.locator(".bulk").getByRole("button", { name: action }).click()]);
    await everyLook(`admin-bulk-${name}-${action}`);
  }
  await lists();
  await page.goto(`${base}/web/admin/activity`);
  await page.locator(".sessions tbody th a").first().click();
  await page.waitForURL("**/connection/**");
  await everyLook("admin-connection");
  refusals = true;
  await page.locator("#upload").fill("fast");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#upload[aria-invalid=true]").waitFor();
  await everyLook("admin-connection-refused", { refused: true });
  refusals = false;
  await page.locator("#upload").fill("100");
  await page.locator("#download").fill("200");
  await page.getByRole("button", { name: "Save" }).click();
  check((await page.locator(".note-ok").textContent()).includes("holds now"), "a session is limited");
  await everyLook("admin-connection-limited");
  await page.goto(`${base}/web/admin/activity`);
  const moving = await page.locator(".moves li").count();
  await Promise.all([page.waitForNavigation(), page.locator(".moves li button").first().click()]);
  check((await page.locator(".moves li").count()) === moving - 1, "one transfer is stopped, the others go on");
  await page.goto(`${base}/web/admin/maintenance`);
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "Make a dump" }).click()]);
  await everyLook("admin-maintenance-shelf");
  const [dump] = await Promise.all([page.waitForEvent("download"), page.locator(".shelf-do a[download]").first().click()]);
  check(/^entrepot-.*\.json$/.test(dump.suggestedFilename()), `a dump is fetched: ${dump.suggestedFilename()}`);
  await page.locator(".shelf-do a").nth(1).click();
  await everyLook("admin-backup-delete");
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "Delete" }).click()]);
  check((await page.locator(".shelf-do").count()) === 0, "a dump is removed");
  await page.goto(`${base}/web/admin/log`);
  const lines = await page.locator("#log-lines > li").count();
  await page.locator("[data-follow]").check();
  await context.request.get(`${base}/api/v2/user/token`, { headers: { Authorization: `Basic ${Buffer.from("ingrid.holm:guess").toString("base64")}` } });
  await page.waitForFunction((before) => document.querySelectorAll("#log-lines > li").length > before, lines);
  await page.locator("[data-follow]").uncheck();
  await page.goto(`${base}/web/admin/policy`);
  await page.locator(".policy summary").first().click();
  refusals = true;
  await page.locator('[name="data_provider.password_validation.users.length"]').fill("-3");
  await page.locator(".policy form").first().getByRole("button", { name: "Save" }).click();
  await page.locator("[aria-invalid=true]").first().waitFor();
  await everyLook("admin-policy-refused", { refused: true });
  refusals = false;
  await page.goto(`${base}/web/admin/sharing`);
  await page.getByRole("link", { name: /^End “/ }).first().click();
  await everyLook("admin-sharing-end");
  await page.goto(`${base}/web/admin/overview`);
  await page.keyboard.press("Control+k");
  await page.waitForSelector(".palette[open] .hits a");
  await everyLook("admin-palette");
}

/** What scripts add to lists and forms: all of a page, panels, rows, placeholders. */
async function lists() {
  await page.goto(`${base}/web/admin/users`);
  await page.locator("[data-all]").check();
  const [ticked, rows] = [await page.locator('tbody .box:checked').count(), await page.locator("tbody tr").count()];
  check(ticked === rows && rows > 1, `all of the page: ${ticked} of ${rows}`);
  check((await page.locator("[data-count]").textContent()).includes(String(rows)), "how many are selected is said");
  await page.locator(".bulk summary").click();
  await everyLook("admin-bulk-group");
  await page.keyboard.press("Escape");
  check(!(await page.locator(".bulk .drop-in").isVisible()), "Escape closes a panel");
  await page.locator(".list-line summary").click();
  await everyLook("admin-columns");
  await page.getByLabel("E-mail", { exact: true }).check();
  await page.locator(".list-line").getByRole("button", { name: "Show" }).click();
  await page.locator('th:has-text("E-mail")').waitFor();
  await page.getByRole("link", { name: "Last sign-in" }).click();
  await page.waitForURL("**sort=last_login**");
  check((await page.locator("th[aria-sort=descending]").count()) === 1, "one column orders the list");
  await page.goto(`${base}/web/admin/user/ingrid.holm?card=folders`);
  const before = await page.locator("[data-row]").count();
  await page.locator("[data-more]").click();
  check((await page.locator("[data-row]").count()) === before + 1, "a row more");
  await page.goto(`${base}/web/admin/eventaction/tell?card=action`);
  await page.locator(".placeholders summary").click();
  await everyLook("admin-placeholders");
  await page.locator('[name="options.http_config.body"]').fill("File: ");
  await page.getByRole("button", { name: "{{.VirtualPath}}" }).click();
  check((await page.locator('[name="options.http_config.body"]').inputValue()) === "File: {{.VirtualPath}}", "a placeholder is put where one types");
}

async function signIn(at) {
  await at.goto(`${base}/web/client/login`);
  await at.locator('[name="username"]').fill("ingrid.holm");
  await at.locator('[name="password"]').fill(PASSWORD);
  await at.getByRole("button", { name: "Sign in" }).click();
  await at.waitForURL("**/web/client/files**");
}

async function users(shares) {
  await signIn(page);
  for (const path of CLIENT) await everyLook(`client-${word(path)}`, { path: `/web/client/${path}`, refused: MISSING.test(path) });
  await everyLook("client-editfile", { path: "/web/client/editfile?path=/in/plan.txt", refused: true });
  for (const tail of ["", "/link", "/delete"]) await everyLook(`client-share-one${word(tail)}`, { path: `/web/client/share/${shares.secret}${tail}` });
  await page.goto(`${base}/web/client/files`);
  await page.locator("[data-index]").first().locator("input.box").click();
  await everyLook("client-files-chosen");
  await page.goto(`${base}/web/client/mfa`);
  await page.locator("form[action$='generate'] button").click();
  await everyLook("client-mfa-setup");
}

async function strangers(shares) {
  const { context: other, page: guest } = await visitor();
  const at = guest;
  for (const name of ["open", "file", "secret", "request", "both", "coded", "agreed"]) await everyLook(`public-${name}`, { path: `/s/${shares[name]}`, at });
  for (const name of ["over"]) await everyLook(`public-${name}`, { path: `/s/${shares[name]}`, at, refused: true });
  await everyLook("public-gone", { path: "/s/nothing", at, refused: true });
  refusals = true;
  await guest.goto(`${base}/s/${shares.secret}`);
  await guest.locator('[name="password"]').fill("wrong");
  await guest.getByRole("button", { name: "Open" }).click();
  await everyLook("public-secret-refused", { at, refused: true });
  refusals = false;
  await guest.goto(`${base}/s/${shares.coded}`);
  await guest.locator('[name="email"]').fill("surveyor@example.org");
  await guest.locator("main form button.btn-primary").first().click();
  await everyLook("public-code", { at });
  const code = />(\w{6,10})</.exec((await mail.next()).split("\n\n").slice(1).join("\n"))?.[1] ?? "";
  await guest.locator('[name="code"]').fill(code);
  await guest.getByRole("button", { name: "Open" }).click();
  check((await guest.locator("h1").textContent()) === "By mail", `the mailed code opens: ${code}`, guest);
  await guest.goto(`${base}/s/${shares.agreed}`);
  await guest.locator('[name="agrees"]').check();
  await guest.locator("main form button.btn-primary").first().click();
  check((await guest.locator("h1").textContent()) === "With an agreement", "whoever agrees is let in", guest);
  for (const path of ["web/admin/login", "web/client/login", "web/admin/forgot-password", "web/client/forgot-password", "web/client/reset-password", "web/client/invite", "openapi"]) await everyLook(`door-${word(path)}`, { path: `/${path}`, at, refused: /invite/.test(path) });
  await other.close();
}

/** What is measured rather than looked at: names, boxes and columns where there is little room, and without scripts. */
async function closely(shares) {
  const { context: small, page: phone } = await visitor();
  const hidden = () => [...document.querySelectorAll(".files .name")].filter((name) => name.scrollHeight > name.clientHeight + 1 || name.scrollWidth > name.clientWidth + 1).map((name) => name.textContent);
  for (const width of [320, 390]) {
    await phone.setViewportSize({ width, height: 844 });
    await phone.goto(`${base}/s/${shares.open}`);
    const lost = await phone.evaluate(hidden);
    check(lost.length === 0, `names of a share can be read at ${width} px: ${lost}`, phone);
  }
  await signIn(phone);
  await phone.locator("[data-index]").first().waitFor();
  const off = await phone.evaluate(() => [...document.querySelectorAll("[data-index]")].map((row) => {
    const [outer, box] = [row, row.querySelector(".box")].map((element) => element.getBoundingClientRect());
    return Math.abs(outer.top + outer.height / 2 - box.top - box.height / 2);
  }));
  check(Math.max(...off) <= 2, `boxes are in the middle of their rows: ${off}`, phone);
  await small.close();
  const plain = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false, viewport: { width: 1440, height: 900 }, locale: "en-GB", reducedMotion: "reduce" });
  const without = await plain.newPage();
  await signIn(without);
  for (const path of ["/web/client/files", `/s/${shares.open}`]) {
    await without.goto(base + path);
    const over = await without.evaluate(() => [...document.querySelectorAll(".files .c-date")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length + Math.max(0, document.documentElement.scrollWidth - innerWidth));
    check(over === 0, "without scripts the columns have room", without);
  }
  await without.goto(`${base}/s/${shares.request}`);
  check(!(await without.locator(".drop").textContent()).includes("Drop"), "nothing is promised that needs scripts", without);
  await plain.close();
}

try {
  const { mine, shares } = await seed();
  await someone(mine);
  for (const [name, part] of Object.entries({ closely, strangers, admins, users })) {
    console.log(name);
    await part(shares).catch(async (error) => {
      problems.push(`${name}: ${error.stack}\nat ${page.url()}`);
      if (shots) await page.screenshot({ path: `${shots}/failure-${name}.png` }).catch(() => {});
    });
  }
} catch (error) {
  problems.push(`${error.stack}\nat ${page.url()}`);
} finally {
  await browser.close();
  await server.stop();
  mail.close();
}
console.log(`${checks} checks, ${problems.length} problems`);
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
