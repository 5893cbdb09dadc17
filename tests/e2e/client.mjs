// The pages of users in Debian's Chromium: files, uploads, shares, and what a stranger with a link sees. `node client.mjs` is
// the whole of it; with SHOTS=folder a picture of every page is left there.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { start } from "./server.mjs";

const binary = process.env.ENTREPOT ?? fileURLToPath(new URL("../../target/debug/entrepot", import.meta.url));
const shots = process.env.SHOTS;
const only = process.env.ONLY?.split(",");
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PASSWORD = "correct horse battery staple";
const FILES = 500;
const ENTRIES = 100_000;
/** Bytes of the upload that is interrupted: many pieces. */
const LARGE = Number(process.env.LARGE ?? 300_000_000);
const PIECE = 64 * 1024 * 1024;
const problems = [];
let checks = 0;

const server = await start(binary);
const base = new URL(server.link).origin;
const home = join(server.folder, "homes", "ingrid.holm");
const given = join(server.folder, "given");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const { context, page } = await visitor();

/** A browser of its own; what goes wrong in it is a problem. */
async function visitor(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, locale: "en-GB", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  page.refusals = false;
  page.on("console", (message) => {
    if (message.type() === "error" && !(page.refusals && /status of [45]\d\d|Failed to load/.test(message.text()))) problems.push(`console: ${message.text()} (${page.url()})`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error.stack} (${page.url()})`));
  page.on("response", (response) => {
    if (new URL(response.url()).origin !== base) problems.push(`foreign: ${response.url()}`);
    if (response.status() >= 400 && !page.refusals) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  page.on("dialog", (dialog) => dialog.accept());
  return { context, page };
}

function check(holds, what) {
  checks += 1;
  if (!holds) problems.push(`${what} (${page.url()})`);
}

/** No finding of axe that is serious or critical; no scrolling sideways; a picture. */
async function look(name, at = page) {
  await at.evaluate(axe);
  const found = await at.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations.filter(({ impact }) => impact === "serious" || impact === "critical")) {
    problems.push(`axe ${name}: ${violation.id} ${violation.help}: ${violation.nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary.split("\n")[1] ?? ""}`).join(" | ")}`);
  }
  const wide = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 1, `${name} scrolls sideways by ${wide} px`);
  if (!shots) return;
  await mkdir(shots, { recursive: true });
  await at.screenshot({ path: `${shots}/${name}.png` });
}

async function everyLook(name, path, at = page, settle = async () => {}) {
  for (const theme of ["light", "dark"]) {
    await at.context().addCookies([{ name: "__Host-entrepot-theme", value: theme, url: base, secure: true }]);
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      await at.setViewportSize({ width, height });
      await at.goto(base + path);
      await settle();
      await look(`${name}-${theme}-${width}`, at);
    }
  }
  await at.setViewportSize({ width: 1440, height: 900 });
}

async function firstStart() {
  await page.goto(server.link);
  await page.locator('[name="username"]').fill("ana");
  await page.locator('[name="password"]').fill(PASSWORD);
  await page.locator('[name="repeat"]').fill(PASSWORD);
  await page.getByRole("button", { name: "Create administrator" }).click();
  const basic = Buffer.from(`ana:${PASSWORD}`).toString("base64");
  const { access_token: token } = await (await context.request.get(`${base}/api/v2/token`, { headers: { Authorization: `Basic ${basic}` } })).json();
  const user = { username: "ingrid.holm", password: PASSWORD, status: 1, home_dir: home, quota_size: 50_000_000_000, permissions: { "/": ["*"] } };
  const made = await context.request.post(`${base}/api/v2/users`, { headers: { Authorization: `Bearer ${token}` }, data: user });
  check(made.status() === 201, `the user is made: ${await made.text()}`);
  await mkdir(join(home, "projects", "hull-42", "Drawings"), { recursive: true });
  await writeFile(join(home, "projects", "hull-42", "Notes for the fitters.md"), "# Notes\n\nMind the garboard.\n");
  await writeFile(join(home, "projects", "hull-42", "hull42-report.pdf"), randomBytes(190_000));
  await writeFile(join(home, "projects", "hull-42", "Varnish schedule 10.xlsx"), randomBytes(41_200));
  await writeFile(join(home, "projects", "hull-42", "Varnish schedule 9.xlsx"), randomBytes(40_200));
}

async function signIn(at = page) {
  await at.goto(`${base}/web/client/login`);
  await at.locator('[name="username"]').fill("ingrid.holm");
  await at.locator('[name="password"]').fill(PASSWORD);
  await at.getByRole("button", { name: "Sign in" }).click();
}

const names = () => page.locator("[data-index] .name").allTextContents();
const row = (name) => page.locator("[data-index]", { hasText: name });

async function browses() {
  await signIn();
  await row("projects").locator("a.name").click();
  await row("hull-42").locator("a.name").click();
  await row("Drawings").waitFor();
  check(page.url().endsWith("path=/projects/hull-42"), "the place is in the address");
  check((await names()).join() === "Drawings,hull42-report.pdf,Notes for the fitters.md,Varnish schedule 9.xlsx,Varnish schedule 10.xlsx", `names are sorted as people do: ${await names()}`);
  await page.goBack();
  await row("hull-42").waitFor();
  await page.goForward();
  await row("Drawings").waitFor();
  await page.getByRole("link", { name: "Size" }).click();
  check(page.url().includes("sort=size"), "the order is in the address");
  await page.reload();
  check((await names())[1] === "Notes for the fitters.md", "the order holds after a reload");
  await row("Notes for").locator("a.name").click();
  await page.getByText("Mind the garboard").waitFor();
  await page.keyboard.press("Escape");
  await everyLook("files", "/web/client/files?path=/projects/hull-42", page, async () => {
    await row("Drawings").waitFor();
    await row("hull42-report").locator("input.box").click();
  });
  await page.goto(`${base}/web/client/files?path=/projects/hull-42`);
  await row("hull42-report").locator(".c-date").click();
  await page.keyboard.press("i");
  await page.getByRole("complementary", { name: "Details" }).waitFor();
  await look("files-details");
  await page.keyboard.press("i");
  await page.keyboard.press("g");
  await page.locator(".tiles").waitFor();
  await look("files-grid");
  await page.keyboard.press("g");
}

/** Nothing but the keyboard. */
async function keyboard() {
  await writeFile(join(home, "old name.txt"), "x");
  await page.goto(`${base}/web/client/files?path=/`);
  await row("old name.txt").waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("F2");
  await page.keyboard.type("new name");
  await page.keyboard.press("Enter");
  await row("new name.txt").waitFor();
  check((await readdir(home)).includes("new name.txt"), "a file is renamed by keyboard");
  await page.keyboard.press("n");
  await page.keyboard.type("made");
  await page.keyboard.press("Enter");
  await row("made").waitFor();
  check((await readdir(home)).includes("made"), "a folder is made by keyboard");
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("new name.txt"));
  await page.keyboard.press("Delete");
  await page.getByRole("dialog").waitFor();
  await look("delete-dialog");
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).focus();
  await page.keyboard.press("Enter");
  await row("new name.txt").waitFor({ state: "detached" });
  check(!(await readdir(home)).includes("new name.txt"), "a file is deleted by keyboard");
}

async function uploadsFolder() {
  const folder = join(given, "survey");
  await mkdir(join(folder, "deep", "deeper"), { recursive: true });
  for (let number = 0; number < FILES; number += 1) {
    const place = number % 3 ? folder : join(folder, "deep", number % 2 ? "deeper" : "");
    await writeFile(join(place, `reading-${number}.csv`), `${number}\n`.repeat(20));
  }
  await page.goto(`${base}/web/client/files?path=/`);
  const began = Date.now();
  await page.locator("#pick-folder").setInputFiles(folder);
  await page.locator("upload-tray strong", { hasText: `${FILES} files arrived whole` }).waitFor({ timeout: 120_000 });
  console.log(`${FILES} files in ${Date.now() - began} ms`);
  await row("survey").waitFor();
  const all = await readdir(join(home, "survey"), { recursive: true, withFileTypes: true });
  check(all.filter((entry) => entry.isFile()).length === FILES, "every file arrived");
  check((await readFile(join(home, "survey", "deep", "deeper", "reading-3.csv"), "utf8")) === "3\n".repeat(20), "files keep their folders");
  // A second time: what is there is asked about once.
  await page.goto(`${base}/web/client/files?path=/survey`);
  await page.locator("#pick-files").setInputFiles([join(folder, "reading-1.csv"), join(folder, "reading-2.csv")]);
  await page.getByRole("dialog").waitFor();
  await look("conflict");
  await page.getByRole("button", { name: "Keep both" }).click();
  await row("reading-1 (2).csv").waitFor();
}

const hash = (path) => new Promise((resolve, reject) => {
  const state = createHash("sha256");
  createReadStream(path).on("data", (piece) => state.update(piece)).on("error", reject).on("end", () => resolve(state.digest("hex")));
});

/** A reload in the middle: the same file goes on where it stopped. */
async function survivesReload() {
  const file = join(given, "drone.mp4");
  await mkdir(given, { recursive: true });
  await writeFile(file, "");
  for (let left = LARGE; left > 0; left -= PIECE) await appendFile(file, randomBytes(Math.min(left, PIECE)));
  await page.goto(`${base}/web/client/files?path=/`);
  await page.locator("#pick-files").setInputFiles(file);
  await page.waitForFunction(() => /^\((?:[1-9]|[1-8]\d) %\)/.test(document.title), null, { timeout: 60_000 });
  await look("uploading");
  await page.reload();
  await page.locator("upload-tray", { hasText: "unfinished upload" }).waitFor();
  await look("unfinished");
  let heads = 0;
  page.on("request", (request) => { if (request.method() === "HEAD") heads += 1; });
  await page.locator("#pick-files").setInputFiles(file);
  await page.locator("upload-tray strong", { hasText: "1 file arrived whole" }).waitFor({ timeout: 180_000 + LARGE / 10_000 });
  check(heads > 0, "it went on and did not begin again");
  check((await stat(join(home, "drone.mp4"))).size === LARGE && (await hash(file)) === (await hash(join(home, "drone.mp4"))), "the file is the same");
  await rm(join(home, "drone.mp4"));
}

async function manyEntries() {
  const many = join(home, "many");
  await mkdir(many, { recursive: true });
  for (let number = 0; number < ENTRIES; number += 1000) await Promise.all(Array.from({ length: 1000 }, (_, at) => writeFile(join(many, `entry ${number + at}.txt`), "")));
  await page.goto(`${base}/web/client/files?path=/many`);
  await page.locator(`table[aria-rowcount="${ENTRIES + 1}"]`).waitFor({ timeout: 60_000 });
  let most = 0;
  for (const part of [0, 0.25, 0.5, 0.9999, 0.1, 1]) {
    await page.evaluate((part) => scrollTo(0, document.documentElement.scrollHeight * part), part);
    await page.waitForTimeout(100);
    most = Math.max(most, await page.locator("tr[data-index]").count());
    const seen = await page.evaluate(() => [...document.querySelectorAll("tr[data-index]")].some((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return bottom > 100 && top < innerHeight;
    }));
    check(seen, `rows are seen at ${part * 100} % of the way`);
  }
  check(most > 10 && most < 120, `at most ${most} rows are in the page`);
  await page.locator("tr[data-index]").first().locator(".c-date").click();
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("entry 99999.txt"));
  const delay = await page.evaluate(async () => {
    const before = performance.now();
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true, cancelable: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - before;
  });
  console.log(`from the last to the first of ${ENTRIES} entries: ${delay.toFixed(1)} ms, ${most} rows`);
  await look("many");
  await rm(many, { recursive: true });
}

async function shares() {
  await page.goto(`${base}/web/client/files?path=/projects`);
  await row("hull-42").locator(".c-date").click();
  await page.keyboard.press("s");
  await page.locator("#name").waitFor();
  check((await page.locator("#paths").inputValue()) === "/projects/hull-42", "the share is about what was chosen");
  await page.locator("#password").fill("larch-anchor-52");
  await look("share-new");
  await page.getByRole("button", { name: "Create link" }).click();
  const link = await page.locator("#link").inputValue();
  await look("share-link");
  await everyLook("shares", "/web/client/shares");
  await everyLook("share-form", "/web/client/share");
  const { context: other, page: stranger } = await visitor({ javaScriptEnabled: false });
  stranger.refusals = true;
  await stranger.goto(link);
  await stranger.locator('[name="password"]').fill("wrong");
  await stranger.getByRole("button", { name: "Open" }).click();
  check((await stranger.locator("main").textContent()).includes("not the password"), "a wrong password is told");
  await stranger.locator('[name="password"]').fill("larch-anchor-52");
  await stranger.getByRole("button", { name: "Open" }).click();
  check((await stranger.locator("h1").textContent()) === "hull-42", "a stranger sees the share");
  const download = stranger.waitForEvent("download");
  await stranger.getByRole("link", { name: "Notes for the fitters.md" }).click();
  check((await readFile(await (await download).path(), "utf8")).includes("garboard"), "a stranger gets a file");
  await other.close();
  const { context: third, page: seen } = await visitor();
  await seen.goto(link);
  await seen.locator('[name="password"]').fill("larch-anchor-52");
  await look("public-password", seen);
  await seen.getByRole("button", { name: "Open" }).click();
  const address = new URL(seen.url());
  await everyLook("public-browse", address.pathname + address.search, seen);
  seen.refusals = true;
  await seen.goto(`${base}/s/nothing`);
  await look("public-gone", seen);
  await third.close();
}

async function request() {
  await page.goto(`${base}/web/client/share?paths=/projects/hull-42`);
  await page.locator("#name").fill("Survey photos");
  await page.getByText("Upload only, see nothing").click();
  await page.getByRole("button", { name: "Create link" }).click();
  const link = await page.locator("#link").inputValue();
  const { context: other, page: stranger } = await visitor();
  await stranger.goto(link);
  await mkdir(given, { recursive: true });
  await writeFile(join(given, "garboard.jpg"), randomBytes(2_000_000));
  await stranger.locator("visit-upload input[type=file]").first().setInputFiles(join(given, "garboard.jpg"));
  await stranger.getByText("1 file arrived whole").first().waitFor();
  check((await stat(join(home, "projects", "hull-42", "garboard.jpg"))).size === 2_000_000, "a stranger brings a file");
  const address = new URL(stranger.url());
  await look("public-brought", stranger);
  await everyLook("public-upload", address.pathname, stranger);
  await other.close();
  const { context: plain, page: without } = await visitor({ javaScriptEnabled: false });
  await without.goto(link);
  await without.locator("#filenames").setInputFiles({ name: "plain.txt", mimeType: "text/plain", buffer: Buffer.from("plain") });
  await without.getByRole("button", { name: "Upload" }).click();
  check((await readFile(join(home, "projects", "hull-42", "plain.txt"), "utf8")) === "plain", "a stranger without scripts brings a file");
  await plain.close();
}

async function others() {
  await everyLook("connect", "/web/client/connect");
  await everyLook("recent", "/web/client/recent");
  await everyLook("profile", "/web/client/profile");
  await everyLook("edit", "/web/client/editfile?path=/projects/hull-42/Notes%20for%20the%20fitters.md");
  await everyLook("empty", "/web/client/files?path=/projects/hull-42/Drawings");
  page.refusals = true;
  await everyLook("missing", "/web/client/files?path=/nothing");
  page.refusals = false;
}

/** The session ends while a name is typed: the dialog stays, and goes on once somebody has signed in again. */
async function sessionEnds() {
  const { context: own, page: at } = await visitor();
  at.refusals = true;
  await signIn(at);
  await at.locator("[data-index]").first().waitFor();
  await at.keyboard.press("n");
  await at.keyboard.type("Spring fittings");
  await own.clearCookies();
  await at.keyboard.press("Enter");
  const [door] = await Promise.all([own.waitForEvent("page"), at.locator("dialog .err a").click()]);
  check((await at.locator("#ask-name").inputValue()) === "Spring fittings", "what was typed is still there");
  check((await at.locator(".toast").count()) === 0, "the reason is said once");
  await signIn(door);
  await door.locator("[data-index]").first().waitFor();
  await at.bringToFront();
  await at.keyboard.press("Enter");
  await at.locator("[data-index]", { hasText: "Spring fittings" }).waitFor();
  check((await stat(join(home, "Spring fittings"))).isDirectory(), "the folder is made after signing in again");
  await rm(join(home, "Spring fittings"), { recursive: true });
  await own.close();
}

/** Without scripts: browse, download, upload, new folder, rename, delete. */
async function withoutScripts() {
  const { context: plain, page: other } = await visitor({ javaScriptEnabled: false });
  await signIn(other);
  await other.getByRole("link", { name: "New folder" }).click();
  await other.locator("#name").fill("Plain");
  await other.getByRole("button", { name: "Create folder" }).click();
  await other.getByRole("link", { name: "Plain", exact: true }).click();
  await other.getByRole("link", { name: "Upload" }).first().click();
  await other.locator("#files").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
  await other.getByRole("button", { name: "Upload" }).click();
  check((await other.locator(".flash").textContent()).includes("1 file arrived whole"), "a form uploads");
  await other.getByRole("link", { name: "Rename a.txt" }).click();
  await other.locator("#name").fill("b.txt");
  await other.getByRole("button", { name: "Rename" }).click();
  const download = other.waitForEvent("download");
  await other.getByRole("link", { name: "b.txt", exact: true }).click();
  check((await readFile(await (await download).path(), "utf8")) === "a", "a link downloads");
  await other.getByRole("link", { name: "Delete b.txt" }).click();
  await other.getByRole("button", { name: "Delete b.txt" }).click();
  check((await readdir(join(home, "Plain"))).length === 0, "a form deletes");
  await plain.close();
}

try {
  await firstStart();
  await browses();
  const parts = { keyboard, sessionEnds, withoutScripts, uploadsFolder, survivesReload, manyEntries, shares, request, others };
  for (const [name, part] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    console.log(name);
    await part().catch(async (error) => {
      problems.push(`${name}: ${error.stack}\nat ${page.url()}`);
      if (shots) await page.screenshot({ path: `${shots}/failure-${name}.png` }).catch(() => {});
    });
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
