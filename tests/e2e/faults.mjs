// What goes wrong while somebody fills in a form: bad input, a lost connection, a second press, another tab.

/**
 * Pages with a form, what is typed into it, and the field that the error has to be at, which is a list where a fourth word says so.
 */
const BAD = [
  ["user", { username: "b kjaer/", password: "x" }, "username"],
  ["user", { username: "b.kjaer", password: "correct horse battery staple", quota_size: "much" }, "quota_size"],
  ["user/ingrid.holm?card=access", { "filters.allowed_ip": "nowhere" }, "filters.allowed_ip"],
  ["user/ingrid.holm?card=access", { "filters.access_time.0.from": "26:00", "filters.access_time.0.to": "17:00" }, "filters.access_time.0.from", "filters.access_time"],
  ["user/ingrid.holm?card=sign_in", { public_keys: "no key" }, "public_keys"],
  ["user/ingrid.holm?card=profile", { email: "no mail" }, "email"],
  ["user/ingrid.holm?card=limits", { max_sessions: "-3" }, "max_sessions"],
  ["user/ingrid.holm?card=storage", { home_dir: "relative/path" }, "home_dir"],
  ["group", { name: "Boat/yard" }, "name"],
  ["folder", { name: "a", mapped_path: "relative" }, "mapped_path"],
  ["role", { name: "no/th" }, "name"],
  ["manager", { username: "bo", password: "correct horse battery staple" }, "permissions"],
  ["apikey", { name: "robot", admin: "nobody" }, "admin"],
  ["eventaction", { name: "tell", "options.http_config.endpoint": "ftp://example.org" }, "options.http_config.endpoint"],
  ["eventrule", { name: "on-upload" }, "conditions.fs_events"],
  ["ip-list/2", { ipornet: "nowhere" }, "ipornet"],
  ["configs/common.idle_timeout", { value: "soon" }, "value"],
  ["certificate", { certificate: "no chain", private_key: "no key" }, "certificate"],
  ["profile", { email: "no mail" }, "email"],
  ["changepwd", { current: "wrong", new: "correct horse battery staple 2", repeat: "correct horse battery staple 3" }, "repeat"],
];

export async function badInput({ page, base, check, quietly }) {
  await quietly(async () => {
    for (const [path, typed, at, list] of BAD) {
      await page.goto(`${base}/web/admin/${path}`);
      const missing = [];
      for (const [name, value] of Object.entries(typed)) await page.locator(`main [name="${name}"]`).first().fill(value, { timeout: 5000 }).catch(() => missing.push(name));
      check(missing.length === 0, `${path} has the fields ${missing}`);
      if (missing.length > 0) continue;
      // The server is the one that is asked here.
      await page.evaluate(() => { for (const form of document.forms) form.noValidate = true; });
      await page.locator("main form[method=post]:has(.input) button.btn-primary").first().click();
      await page.waitForLoadState();
      await page.locator("[aria-invalid=true], .err, .note-bad").first().waitFor({ timeout: 10_000 }).catch(() => {});
      // The script of the page leads to the error, a moment after it is there.
      await page.waitForFunction(() => document.activeElement !== document.body, null, { timeout: 5000 }).catch(() => {});
      const found = await page.evaluate(([name, inList]) => {
        const field = document.querySelector(`main [name="${name}"]:not([type=hidden])`);
        const box = field?.closest(inList ? "[data-rows]" : ".field, fieldset, td");
        return {
          error: box?.querySelector(".err")?.textContent.trim() ?? "",
          isFocused: document.activeElement === field || box?.contains(document.activeElement) || false,
          said: [...document.querySelectorAll(".err, .note-bad")].map((note) => note.textContent.trim()).join(" | "),
        };
      }, [at, list !== undefined]);
      check(found.error !== "", `${path}: the error is at ${at}; said: ${found.said}`);
      check(found.isFocused, `${path}: ${at} has the focus`);
      for (const [name, value] of Object.entries(typed)) {
        const field = page.locator(`main [name="${name}"]`).first();
        if ((await field.getAttribute("type")) === "password" || /private_key/.test(name)) continue;
        check((await field.inputValue()) === value, `${path}: ${name} is kept`);
      }
    }
  });
}

/** Nobody answers: the page stays, says so, and goes on when somebody does. */
export async function lostConnection({ page, context, base, check, quietly, look }) {
  await page.goto(`${base}/web/admin/group`);
  await page.locator('[name="name"]').fill("Sailmakers");
  await quietly(async () => {
    await context.setOffline(true);
    await page.locator(".sheet-foot .btn-primary").click();
    await page.locator("[data-lost-note]").waitFor();
    await look("lost-connection");
    check((await page.locator('[name="name"]').inputValue()) === "Sailmakers", "what was typed survives a lost connection");
    await context.setOffline(false);
  });
  await page.locator(".sheet-foot .btn-primary").click();
  await page.waitForURL(/\/group\/Sailmakers$/);
  check((await page.locator("h1").textContent()) === "Sailmakers", "the form is sent when the server is back");
  // The connection breaks in the very moment: a page of the browser comes, and the form has what was typed when it is next opened.
  await page.goto(`${base}/web/admin/group`);
  await page.locator('[name="name"]').fill("Blockmakers");
  await quietly(async () => {
    await page.route(/\/web\/admin\/group$/, (route) => (route.request().method() === "POST" ? route.abort("connectionrefused") : route.continue()));
    await page.locator(".sheet-foot .btn-primary").click();
    await page.waitForTimeout(500);
    await page.unroute(/\/web\/admin\/group$/);
  });
  await page.goto(`${base}/web/admin/groups`);
  await page.getByRole("link", { name: "Create group" }).first().click();
  await page.locator(".note-info").waitFor();
  check((await page.locator('[name="name"]').inputValue()) === "Blockmakers", "who comes back after a failure finds what was typed");
  await look("typed-before");
  await page.reload();
  check((await page.locator('[name="name"]').inputValue()) === "", "it is shown once");
}

/** Two presses make one object; another tab makes itself heard. */
export async function otherTabs({ page, context, base, check, quietly, look }) {
  await page.goto(`${base}/web/admin/group`);
  await page.locator('[name="name"]').fill("Caulkers");
  await page.locator(".sheet-foot .btn-primary").dblclick();
  await page.waitForURL(/\/group\/Caulkers$/);
  check((await page.locator(".flash").textContent()).includes("created"), "two presses send a form once");
  const other = await context.newPage();
  const change = async (at, text) => {
    await at.locator('[name="description"]').fill(text);
    await at.getByRole("button", { name: "Save", exact: true }).click();
  };
  const card = `${base}/web/admin/group/Caulkers?card=basics`;
  await page.goto(card);
  await other.goto(card);
  await change(other, "by the other tab");
  await other.locator(".flash").waitFor();
  await quietly(async () => {
    await change(page, "by this tab");
    await page.locator(".note-bad").first().waitFor();
  });
  check((await page.locator(".note-bad").first().textContent()).includes("changed by somebody else"), "a stale tab is told so");
  check((await page.locator('[name="description"]').inputValue()) === "by this tab", "and keeps what was typed");
  await look("stale-tab");
  await page.goto(card);
  await other.goto(`${base}/web/admin/group/Caulkers/delete`);
  await other.getByRole("button", { name: "Delete group" }).click();
  await other.locator(".flash").waitFor();
  await change(page, "too late");
  await page.locator(".flash").waitFor();
  check((await page.locator(".flash").textContent()).includes("Caulkers is not there any more"), "what was deleted in another tab is told");
  check(new URL(page.url()).pathname === "/web/admin/groups", "and leads to the list");
  await look("deleted-in-another-tab");
  // A share of a user, in the same way.
  await page.goto(`${base}/web/client/share?paths=/`);
  await page.locator('[name="name"]').fill("Launch");
  await page.getByRole("button", { name: "Create link" }).click();
  await page.locator("#link").waitFor();
  const share = page.url().replace(/\/link$/, "");
  await page.goto(share);
  await other.goto(share);
  await other.locator('[name="name"]').fill("Launch day");
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await other.locator(".flash").waitFor();
  await quietly(async () => {
    await page.locator('[name="name"]').fill("Launch night");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator(".note-bad").waitFor();
  });
  check((await page.locator(".note-bad").textContent()).includes("changed meanwhile"), "a stale tab of a share is told so");
  await other.goto(`${share}/delete`);
  await other.getByRole("button", { name: "Delete link" }).click();
  await other.locator(".flash").waitFor();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".flash").waitFor();
  check((await page.locator(".flash").textContent()).includes("not there any more"), "a share that was deleted in another tab is told");
  await other.close();
}
