// The built server on a free port, with a folder of its own that goes with it.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LIMIT = 60_000;

/** `settings` are variables of the environment. */
export async function start(binary, settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-e2e-"));
  const data = join(folder, "data");
  const child = spawn(binary, ["serve", "--data-dir", data, "--any-port"], { cwd: folder, env: { ...process.env, ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => { said += piece; });
  const end = Date.now() + LIMIT;
  for (;;) {
    const link = await readFile(join(data, "setup-url"), "utf8").catch(() => "");
    if (link.trim()) return { folder, data, link: link.trim(), stop: () => stop(child, folder), said: () => said };
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the server is not ready:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop(child, folder) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 15_000))]);
  child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
}
