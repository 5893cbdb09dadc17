// Looking at files, writing texts, deleting folders, the grid and the palette of users in Debian's Chromium. `node reading.mjs` is
// the whole of it; with SHOTS=folder a picture of every page is left there, ONLY=part,part runs these.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { fill } from "./hostile.mjs";
import { start } from "./server.mjs";

const binary = process.env.ENTREPOT ?? fileURLToPath(new URL("../../target/debug/entrepot", import.meta.url));
const shots = process.env.SHOTS;
const only = process.env.ONLY?.split(",");
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PASSWORD = "correct horse battery staple";
const SIZES = [[1440, 900], [390, 844]];
const problems = [];
let checks = 0;

const server = await start(binary);
const base = new URL(server.link).origin;
const home = join(server.folder, "homes", "ingrid.holm");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const { context, page } = await visitor();

async function visitor(options = {}, origin = base) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, locale: "en-GB", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.refusals = false;
  page.on("console", (message) => {
    if (message.type() === "error" && !(page.refusals && /status of [45]\d\d|Failed to load|ERR_/.test(message.text()))) problems.push(`console: ${message.text()} (${page.url()})`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error.stack} (${page.url()})`));
  page.on("response", (response) => {
    if (new URL(response.url()).origin !== origin && !/^chrome/.test(response.url())) problems.push(`foreign: ${response.url()}`);
    if (response.status() >= 400 && !page.refusals) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => { if (!request.url().startsWith(origin) && !/^(?:blob|data|chrome|chrome-extension|about):/.test(request.url())) problems.push(`asked elsewhere: ${request.url()}`); });
  page.on("dialog", (dialog) => (dialog.type() === "beforeunload" ? dialog.accept() : problems.push(`a file spoke: ${dialog.message()}`) && dialog.dismiss()));
  return { context, page };
}

function check(holds, what, at = page) {
  checks += 1;
  if (!holds) problems.push(`${what} (${at.url()})`);
}

/** No serious finding of axe, no scrolling sideways, a picture, in both themes and widths. */
async function look(name, at = page) {
  for (const theme of ["light", "dark"]) {
    await at.emulateMedia({ colorScheme: theme });
    for (const [width, height] of SIZES) {
      await at.setViewportSize({ width, height });
      await at.waitForTimeout(60);
      await at.evaluate(axe);
      const found = await at.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"], iframes: false }));
      for (const violation of found.violations.filter(({ impact }) => impact === "serious" || impact === "critical")) {
        problems.push(`axe ${name} ${theme} ${width}: ${violation.id} ${violation.help}: ${violation.nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary.split("\n")[1] ?? ""}`).join(" | ")}`);
      }
      const wide = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(wide <= 1, `${name} scrolls sideways by ${wide} px at ${width}`, at);
      if (!shots) continue;
      await mkdir(shots, { recursive: true });
      await at.screenshot({ path: `${shots}/${name}-${theme}-${width}.png` });
    }
  }
  await at.emulateMedia({ colorScheme: "light" });
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
  const user = { username: "ingrid.holm", password: PASSWORD, status: 1, home_dir: home, permissions: { "/": ["*"] } };
  const made = await context.request.post(`${base}/api/v2/users`, { headers: { Authorization: `Bearer ${token}` }, data: user });
  check(made.status() === 201, `the user is made: ${await made.text()}`);
  await fill(home);
}

async function signIn(at = page) {
  await at.goto(`${base}/web/client/login`);
  await at.locator('[name="username"]').fill("ingrid.holm");
  await at.locator('[name="password"]').fill(PASSWORD);
  await at.getByRole("button", { name: "Sign in" }).click();
  await at.waitForURL("**/web/client/files**");
}

const row = (name, at = page) => at.locator("[data-index]", { hasText: name });
const yard = (at = page) => at.goto(`${base}/web/client/files?path=/yard`);
const open = async (name, at = page) => {
  await row(name, at).first().locator("a.name").click();
  await at.locator("dialog.preview").waitFor();
};
const close = async (at = page) => {
  await at.keyboard.press("Escape");
  await at.locator("dialog.preview").waitFor({ state: "detached" });
};

async function previews() {
  await yard();
  await open("Notes.md");
  await page.locator(".prose h3").waitFor();
  const prose = page.locator(".prose");
  check((await prose.locator("script, iframe, object, [onerror], [style]").count()) === 0, "markup of HTML stays text");
  check((await prose.textContent()).includes('<script>alert("script")</script>'), "it is seen as text");
  const links = await prose.locator("a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  check(links.every((href) => /^(https:\/\/example\.org|\/web\/client\/files\?path=\/yard&show=plan\.txt)/.test(href)), `links lead to files and the web only: ${links.join(" ")}`);
  check(links.filter((href) => href.includes("show=plan.txt")).length === 2, "files beside it are linked, also by a name of the text");
  check((await prose.locator("img").evaluateAll((all) => all.map((one) => one.getAttribute("src")))).join() === "/web/client/file?path=/yard/red.png&inline=1", "pictures are those beside it");
  check((await prose.locator("table td.end").first().textContent()) === "12.5" && (await prose.locator("td", { hasText: "Deck | stern" }).count()) === 1, "tables have their sides");
  check((await prose.locator(".prose-box.is-done").count()) === 1 && (await prose.locator("li ol li").count()) === 2, "tasks and nested lists");
  check((await prose.locator(".prose-code .tone-note").textContent()) === "// a comment", "code has its tones");
  check((await prose.locator("em").first().textContent()) === "fitters" && (await prose.textContent()).includes("a_b_c and 2 * 3 * 4"), "tones are where they are meant");
  await look("preview-markdown");
  await page.getByRole("button", { name: "Text", exact: true }).click();
  check((await page.locator(".code-lines .line").first().textContent()) === "# Notes for the *fitters*\n", "the text is there as it stands");
  await close();
  await open("endless.md");
  await page.locator(".prose p", { hasText: "Read to the end." }).waitFor();
  check((await page.locator(".prose p", { hasText: "©" }).textContent()) === "&constructor; and ©", "long lines do not hold the page up, and signs are those of a list");
  await close();
  await open("timber.csv");
  await page.locator(".sheet-rows").waitFor();
  check((await page.locator(".sheet-rows tbody tr").count()) === 1000, "a thousand rows");
  check((await page.locator(".sheet-rows tbody tr").nth(1).locator("td").allTextContents()).join("|") === 'plank 1|1.5|oak; "dry"\nsecond line', "quotes hold separators and lines");
  await look("preview-table");
  await page.keyboard.press("ArrowRight");
  await close();
  await open("old.csv");
  await page.locator("td", { hasText: "Köln" }).waitFor();
  await close();
  await open("engine.rs");
  await page.locator(".code-lines").waitFor();
  check((await page.locator(".line").count()) === 6 && (await page.locator(".tone-word").allTextContents()).join() === "fn,let", "words of the language");
  check((await page.locator(".line").nth(3).locator(".tone-note").textContent()).includes("and more */"), "a comment goes over lines");
  await look("preview-code");
  await close();
  await open("page.html");
  await page.locator(".code-lines").waitFor();
  check((await page.locator(".code-lines").textContent()).includes("<script>alert(8)</script>"), "a page is shown as text");
  await close();
}

async function pictures() {
  await yard();
  await open("green.png");
  check((await page.locator(".preview-name .cap").textContent()) === "1 of 3", "pictures know their place");
  await page.keyboard.press("ArrowRight");
  await page.locator("dialog.preview img[alt='red.png']").waitFor();
  await page.getByRole("button", { name: "Full size" }).click();
  check(await page.locator(".preview-stage").evaluate((stage) => stage.scrollWidth > stage.clientWidth), "full size is larger than the window");
  await page.getByRole("button", { name: "Full size" }).click();
  await look("preview-picture");
  await page.keyboard.press("ArrowRight");
  await page.locator("dialog.preview img[alt='sign.svg']").waitFor();
  check(await page.locator("dialog.preview img").evaluate(async (one) => { await one.decode(); return one.naturalWidth === 200; }), "SVG is a picture");
  await close();
  const raw = await context.request.get(`${base}/web/client/file?path=/yard/sign.svg&inline=1`);
  check(raw.headers()["content-disposition"].startsWith("attachment") && raw.headers()["content-security-policy"].includes("sandbox"), "by itself SVG is a download");
  await open("horn.wav");
  await page.waitForFunction(() => document.querySelector("dialog.preview audio")?.readyState > 0);
  check((await page.locator("dialog.preview audio").evaluate((one) => Math.round(one.duration * 10))) === 5, "sound is played");
  await close();
  await open("film.mp4");
  await page.locator(".preview-note", { hasText: "cannot show" }).waitFor();
  await close();
  if (await page.evaluate(() => navigator.pdfViewerEnabled)) {
    await open("letter.pdf");
    await page.locator("dialog.preview iframe").waitFor();
    if (shots) await page.screenshot({ path: `${shots}/preview-pdf.png` });
    await close();
  }
}

/** Code has its tones while it is typed, also where lines are marked, and the letters stay where the field has them. */
async function editorTones() {
  await page.goto(`${base}/web/client/editfile?path=/yard/engine.rs`);
  const text = page.locator("#text");
  await page.locator(".editor-tones .tone-word", { hasText: "fn" }).waitFor();
  check((await page.locator(".editor-tones").textContent()) === (await text.inputValue()), "the layer has the letters of the field");
  check((await page.locator(".editor-tones .tone-note", { hasText: "and more" }).count()) === 1, "a comment over two lines");
  await text.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("// bound for 99\nlet knots = 42;");
  check((await page.locator(".editor-tones .tone-note", { hasText: "bound for 99" }).count()) === 1 && (await page.locator(".editor-tones .tone-number", { hasText: "42" }).count()) >= 1, "what is typed has tones at once");
  const [field, layer] = await page.evaluate(() => {
    const [field, layer] = [document.querySelector("#text"), document.querySelector(".editor-tones")].map((one) => getComputedStyle(one));
    return [field, layer].map(({ fontSize, lineHeight, fontFamily, tabSize }) => [fontSize, lineHeight, fontFamily, tabSize].join());
  });
  check(field === layer, `the layer is written as the field is: ${field} ${layer}`);
  await look("editor-tones");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+x");
  check((await page.locator(".editor-tones").textContent()) === "", "nothing is left of what was cut");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+s");
  await page.locator(".editor-foot", { hasText: /Saved/ }).waitFor();
}

/** Checksums of what is chosen, as a list that sha256sum checks. */
async function sums() {
  await yard();
  await row("plan.txt").first().locator("input.box").check();
  await row("horn.wav").first().locator("input.box").check();
  await page.getByRole("button", { name: "Details", exact: true }).click();
  const panel = page.locator("#details");
  await panel.getByRole("button", { name: "Compute SHA-256" }).click();
  await panel.locator(".sums").waitFor();
  const [saved] = await Promise.all([page.waitForEvent("download"), panel.getByRole("link", { name: "Save as SHA256SUMS" }).click()]);
  const list = await readFile(await saved.path(), "utf8");
  const wanted = createHash("sha256").update("the plan\n").digest("hex");
  check(saved.suggestedFilename() === "SHA256SUMS", `the name of the file: ${saved.suggestedFilename()}`);
  check(list.includes(`${wanted}  plan.txt\n`) && list.split("\n").length === 3, `a line for each: ${list}`);
  await row("deep").first().locator("input.box").check();
  await panel.getByRole("button", { name: "Compute SHA-256" }).click();
  await panel.locator(".sums").waitFor();
  check((await panel.locator("[role=status]").textContent()) === "142 files", "folders with all that is in them");
  // The panel closes where there is no room for it.
  await look("details-sums");
}

async function editor() {
  const file = join(home, "yard", "list.txt");
  await writeFile(file, Array.from({ length: 300 }, (_, at) => `item ${at + 1}`).join("\r\n"));
  await page.goto(`${base}/web/client/editfile?path=/yard/list.txt`);
  const text = page.locator("#text");
  await page.locator(".editor-numbers", { hasText: "1" }).waitFor();
  await text.evaluate((field) => { field.scrollTop = field.scrollHeight; });
  await page.locator(".editor-numbers", { hasText: "300" }).waitFor();
  check((await page.locator(".editor-numbers").textContent()).split("\n").length < 80, "only the numbers that are seen are in the page");
  await text.click();
  await page.keyboard.press("Control+f");
  await page.keyboard.type("item 29");
  check((await page.locator(".finder [role=status]").textContent()) .endsWith("of 11"), "what is found is counted");
  await page.keyboard.press("Enter");
  await page.locator(".editor-marks mark.is-current").waitFor();
  await look("editor-find");
  await page.locator("#replace-text").fill("thing 29");
  await page.getByRole("button", { name: "Replace all" }).click();
  check((await text.inputValue()).includes("thing 299"), "all are replaced");
  check((await page.title()).startsWith("• "), "the title says that something is not saved");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+s");
  await page.locator(".editor-foot", { hasText: /Saved/ }).waitFor();
  check((await readFile(file, "utf8")).includes("thing 299\r\nitem 300"), "saved, with the ends of lines that it had");
  // Somebody else is faster.
  page.refusals = true;
  await text.fill("mine\nboth\n");
  await writeFile(file, "theirs\nboth\n");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("dialog", { name: /changed meanwhile/ }).waitFor();
  await look("editor-conflict");
  check((await readFile(file, "utf8")) === "theirs\nboth\n", "nothing is written over it");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator(".diff").waitFor();
  check((await page.locator(".diff-theirs .vh").count()) === 1 && (await page.locator(".diff-ours", { hasText: "mine" }).count()) === 1, "both texts are compared");
  await look("editor-compare");
  await page.getByRole("button", { name: "Save under another name" }).click();
  await page.locator("#ask-name").fill("plan.txt");
  await page.getByRole("button", { name: "Save", exact: true }).last().click();
  await page.locator("dialog .err", { hasText: "there already" }).waitFor();
  await page.locator("#ask-name").fill("list (2).txt");
  await page.keyboard.press("Enter");
  await page.waitForURL(/list%20\(2\)|list%20%282%29/);
  check((await readFile(join(home, "yard", "list (2).txt"), "utf8")).replaceAll("\r\n", "\n") === "mine\nboth\n", "the own text has another name");
  // Without a connection, and without a session, what was typed stays.
  await page.locator("#text").fill("typed");
  await context.setOffline(true);
  await page.keyboard.press("Control+s");
  await page.locator(".note-bad", { hasText: "no connection" }).waitFor();
  await look("editor-lost");
  await context.setOffline(false);
  const cookies = await context.cookies();
  await context.clearCookies();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".note-bad a", { hasText: "Sign in" }).waitFor();
  check((await page.locator("#text").inputValue()) === "typed", "what was typed is still there");
  await context.addCookies(cookies);
  await page.keyboard.press("Control+s");
  await page.locator(".editor-foot", { hasText: /Saved/ }).waitFor();
  check((await readFile(join(home, "yard", "list (2).txt"), "utf8")) === "typed", "it is saved after signing in again");
  await rm(join(home, "yard", "list (2).txt"));
  await page.locator("#text").fill("again");
  await page.keyboard.press("Control+s");
  await page.getByRole("dialog", { name: /deleted meanwhile/ }).waitFor();
  await page.getByRole("button", { name: "Save it again" }).click();
  await page.locator(".editor-foot", { hasText: /Saved/ }).waitFor();
  check((await readFile(join(home, "yard", "list (2).txt"), "utf8")) === "again", "a deleted file is there again");
  // A page that is left in the middle has it when somebody comes back.
  await page.locator("#text").fill("in the middle");
  await yard();
  await page.goto(`${base}/web/client/editfile?path=/yard/list%20%282%29.txt`);
  await page.locator(".note-info", { hasText: "was kept" }).waitFor();
  check((await page.locator("#text").inputValue()) === "in the middle", "what was typed is there again");
  await page.getByRole("button", { name: "Drop it" }).click();
  await page.locator(".editor-foot", { hasText: /Saved/ }).waitFor();
  check((await page.locator("#text").inputValue()) === "again", "and can be dropped");
  page.refusals = false;
}

/** The same questions in plain forms. */
async function withoutScripts() {
  const { context: plain, page: other } = await visitor({ javaScriptEnabled: false });
  other.refusals = true;
  await signIn(other);
  const file = join(home, "yard", "plain.txt");
  await writeFile(file, "before\n");
  await other.goto(`${base}/web/client/editfile?path=/yard/plain.txt`);
  await other.locator("#text").fill("mine\n");
  await writeFile(file, "theirs\n");
  await other.getByRole("button", { name: "Save" }).click();
  check((await other.locator(".note").textContent()).includes("Somebody else changed"), "the change of somebody else is told", other);
  check((await other.locator("details textarea").inputValue()) === "theirs\n", "and shown", other);
  await other.locator("#as_name").fill("plain-mine.txt");
  await other.getByRole("button", { name: "Save under this name" }).click();
  check((await readFile(join(home, "yard", "plain-mine.txt"), "utf8")) === "mine\n" && (await readFile(file, "utf8")) === "theirs\n", "both texts are kept", other);
  await mkdir(join(home, "plain-many"), { recursive: true });
  for (let number = 0; number < 101; number += 1) await writeFile(join(home, "plain-many", `${number}.txt`), "1");
  await other.goto(`${base}/web/client/delete?path=/plain-many`);
  check((await other.locator("main").textContent()).includes("101 files"), "what goes is counted", other);
  await other.locator("#typed").fill("plain");
  await other.getByRole("button", { name: "Delete plain-many" }).click();
  check((await readdir(home)).includes("plain-many"), "another name deletes nothing", other);
  await other.locator("#typed").fill("plain-many");
  await other.getByRole("button", { name: "Delete plain-many" }).click();
  check(!(await readdir(home)).includes("plain-many"), "the typed name deletes", other);
  await other.goto(`${base}/web/client/find?q=plan`);
  check((await other.locator(".hits-page").textContent()).includes("plan.txt"), "the page finds files", other);
  await plain.close();
}

async function deleting() {
  await yard();
  await row("deep").locator(".c-date").click();
  await page.keyboard.press("Delete");
  await page.locator("#remove-typed").waitFor();
  check((await page.locator("dialog [role=status]").textContent()).includes("1 folder, 140 files, 140"), "what goes is counted");
  await look("delete-large");
  await page.getByRole("button", { name: "Delete", exact: true }).last().click();
  check(await page.locator("#remove-wrong").isVisible(), "a large folder is not deleted by a click");
  await page.locator("#remove-typed").fill("deep");
  let asked = 0;
  await page.route(/api\/x\/jobs\//, (route) => ((asked += 1) < 6 ? route.fulfill({ json: { id: "1", kind: "delete", state: "running", entries: 41, bytes: 0 } }) : route.continue()));
  await page.keyboard.press("Enter");
  await page.locator(".toast", { hasText: "Deleting… 41 entries" }).getByRole("button", { name: "Stop" }).waitFor();
  if (shots) await page.screenshot({ path: `${shots}/delete-goes-on.png` });
  await row("deep").waitFor({ state: "detached" });
  check((await page.locator(".toast .spin").count()) === 0, "what is over is not told any longer");
  await page.unroute(/api\/x\/jobs\//);
  // What stays is told by its name.
  const held = join(home, "yard", "held");
  await mkdir(held);
  await writeFile(join(held, "a.txt"), "x");
  await yard();
  await row("held").locator(".c-date").click();
  await page.keyboard.press("Delete");
  await page.getByRole("dialog").waitFor();
  page.refusals = true;
  await page.route(/api\/user\/dirs\?path=/, (route) => (route.request().method() === "DELETE" ? route.fulfill({ status: 403, json: { error: "no" } }) : route.continue()));
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog", { name: "1 entry was not deleted" }).waitFor();
  await look("delete-stayed");
  await page.keyboard.press("Escape");
  await page.unroute(/api\/user\/dirs\?path=/);
  page.refusals = false;
}

async function grid() {
  await yard();
  await page.keyboard.press("g");
  await page.locator(".tiles").waitFor();
  await page.getByRole("button", { name: /^Sorted by/ }).click();
  await look("grid-sort");
  await page.getByRole("menuitemradio", { name: "Size" }).click();
  check(page.url().includes("sort=size"), "the grid is sorted");
  await page.getByRole("button", { name: /^Sorted by/ }).click();
  await page.getByRole("menuitemradio", { name: "Descending" }).click();
  check((await page.locator("[data-index] .name").allTextContents()).filter((name) => name.includes("."))[0] === "endless.md", "the largest file comes first");
  await page.locator(".tile", { hasText: "green.png" }).locator(".pic").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Rename" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".tile", { hasText: "green.png" }).locator("[data-more]").click();
  await page.getByRole("menuitem", { name: "Download" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  // A telephone has no headings to click at.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: /^Sorted by/ }).click();
  await page.getByRole("menuitemradio", { name: "Name" }).click();
  await page.setViewportSize({ width: 1440, height: 900 });
}

async function palette() {
  await yard();
  await row("plan.txt").waitFor();
  await page.keyboard.press("Control+k");
  await page.locator(".palette[open] .hits a").first().waitFor();
  await look("palette");
  await page.keyboard.type("green");
  await page.locator(".palette .hits a", { hasText: "green.png" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/show=green\.png/);
  await page.locator("[data-index][aria-selected=true]", { hasText: "green.png" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("new folder");
  await page.keyboard.press("Enter");
  await page.locator("#ask-name").waitFor();
  await page.keyboard.press("Escape");
  // Letters alone can be switched off.
  await page.goto(`${base}/web/client/profile`);
  await page.getByLabel(/Single letters/).uncheck();
  await look("profile");
  await yard();
  await row("plan.txt").waitFor();
  await page.keyboard.press("n");
  await page.waitForTimeout(150);
  check((await page.locator("dialog").count()) === 0, "a letter does nothing once that is switched off");
  await page.goto(`${base}/web/client/profile`);
  await page.getByLabel(/Single letters/).check();
  await page.goto(`${base}/web/client/connect`);
  await look("connect");
}

/** A name that is refused stays in its field; a bookmark leads back after signing in. */
async function sessions() {
  const { context: own, page: at } = await visitor();
  at.refusals = true;
  await signIn(at);
  await yard(at);
  await row("plan.txt", at).locator(".c-date").click();
  await at.keyboard.press("F2");
  await at.keyboard.type("the plan");
  const cookies = await own.cookies();
  await own.clearCookies();
  await at.keyboard.press("Enter");
  await at.locator("#toasts", { hasText: "session has ended" }).waitFor();
  check((await at.locator(".input-name").inputValue()) === "the plan.txt", "the name is still in its field", at);
  await own.addCookies(cookies);
  await at.locator(".input-name").press("Enter");
  await row("the plan.txt", at).waitFor();
  check((await readdir(join(home, "yard"))).includes("the plan.txt"), "it is renamed once there is a session", at);
  await own.clearCookies();
  await at.goto("about:blank");
  await at.goto(`${base}/web/client/files?path=/yard`);
  check((await at.locator(".note").textContent()).includes("Sign in to open that page"), "the door says why", at);
  await look("door-sent", at);
  await at.locator('[name="username"]').fill("ingrid.holm");
  await at.locator('[name="password"]').fill(PASSWORD);
  await at.getByRole("button", { name: "Sign in" }).click();
  check(at.url().endsWith("path=/yard"), "and leads back", at);
  await own.close();
}

/** Strangers look at files of a share; where looking would use it up, they do not. */
async function shares() {
  const share = async (more) => {
    const made = await page.evaluate(async (body) => {
      const token = document.querySelector("file-browser").dataset.token;
      const answer = await fetch("/web/client/api/user/shares", { method: "POST", headers: { "X-CSRF-TOKEN": token, "Content-Type": "application/json" }, body: JSON.stringify(body) });
      return answer.headers.get("X-Object-ID");
    }, { name: "Yard", scope: 1, paths: ["/yard"], expires_at: Date.now() + 6e8, ...more });
    return `${base}/s/${made}`;
  };
  await yard();
  await row("red.png").waitFor();
  const { context: other, page: guest } = await visitor();
  await guest.goto(await share({}));
  await guest.getByRole("link", { name: "Notes.md" }).click();
  await guest.locator(".prose").waitFor();
  check((await guest.locator(".preview-tools a", { hasText: "Edit" }).count()) === 0, "strangers change nothing", guest);
  await look("share-preview", guest);
  await close(guest);
  await guest.goto(await share({ name: "Counted", max_tokens: 5 }));
  check((await guest.locator("[data-look]").count()) === 0, "a link that is used up by looking offers none", guest);
  // A picture that is none gives way to the sign of its file.
  await mkdir(join(home, "gallery"), { recursive: true });
  await writeFile(join(home, "gallery", "broken.jpg"), "no picture");
  await writeFile(join(home, "gallery", "whole.png"), await readFile(join(home, "yard", "green.png")));
  await guest.goto(await share({ name: "Gallery", paths: ["/gallery"] }));
  await guest.locator(".tile .fi", { hasText: "JPG" }).waitFor();
  check((await guest.locator(".tile img").count()) === 1, "the other one is shown", guest);
  await look("share-gallery", guest);
  await other.close();
}

/** The longest words: what is done with chosen entries stays one line. */
async function german() {
  const { context: own, page: at } = await visitor({ locale: "de-DE" });
  await at.goto(`${base}/web/client/login`);
  await at.locator('[name="username"]').fill("ingrid.holm");
  await at.locator('[name="password"]').fill(PASSWORD);
  await at.locator("form .btn-primary").click();
  await at.waitForURL("**/web/client/files**");
  for (const width of [1440, 1100, 800, 390]) {
    await at.setViewportSize({ width, height: 800 });
    await yard(at);
    await row("red.png", at).locator("input.box").click();
    const bar = await at.locator(".bulk").evaluate((bulk) => ({ height: bulk.clientHeight, over: Math.max(...[...bulk.children].filter((one) => !one.hidden).map((one) => one.getBoundingClientRect().right)) - bulk.getBoundingClientRect().right }));
    check(bar.height < 70 && bar.over <= 0, `the bar is one line at ${width} px: ${JSON.stringify(bar)}`, at);
    if (width === 390) {
      await at.locator(".bulk [aria-haspopup]").click();
      await at.getByRole("menuitem", { name: "Umbenennen" }).waitFor();
    }
  }
  await own.close();
}

/** A page that was opened at the machine itself says by which name others come. */
async function localhost() {
  const near = new URL(base);
  near.hostname = "localhost";
  const { context: own, page: at } = await visitor({}, near.origin);
  await at.goto(`${near.origin}/web/client/login?next=/web/client/connect`);
  await at.locator('[name="username"]').fill("ingrid.holm");
  await at.locator('[name="password"]').fill(PASSWORD);
  await at.getByRole("button", { name: "Sign in" }).click();
  await at.waitForURL("**/web/client/connect");
  check((await at.locator(".note").textContent()).includes("localhost"), "the name of the machine for itself is told", at);
  const offered = await at.locator("#host option").allTextContents();
  if (offered.length > 1) {
    check(!(await at.locator("#sftp-command").textContent()).includes("localhost"), "the card has an address that others can use", at);
    await look("connect-local", at);
    await at.locator("#host").selectOption("localhost");
    await at.getByRole("button", { name: "Choose" }).first().click();
    check((await at.locator("#sftp-command").textContent()).endsWith("@localhost"), "localhost can be chosen", at);
  }
  await own.close();
}

try {
  await firstStart();
  await signIn();
  const parts = { previews, pictures, sums, editor, editorTones, withoutScripts, grid, palette, shares, german, localhost, deleting, sessions };
  for (const [name, part] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    console.log(name);
    await part().catch(async (error) => {
      problems.push(`${name}: ${error.stack}\nat ${page.url()}`);
      if (shots) await page.screenshot({ path: `${shots}/failure-${name}.png` }).catch(() => {});
    });
    page.refusals = false;
  }
} catch (error) {
  problems.push(`${error.stack}\nat ${page.url()}`);
} finally {
  await browser.close();
  await server.stop();
}
console.log(`${checks} checks, ${problems.length} problems`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
