// Builds ui/src and the signs of assets/ into ui/dist: styles joined and made small, scripts as they are; names carry a hash of the content, manifest.json maps them.
// Needs Node 20 and nothing else. `node build.mjs --check` changes nothing and fails if ui/dist is not what it would write.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const source = new URL("src/", import.meta.url);
const assets = new URL("../assets/", import.meta.url);
const dist = new URL("dist/", import.meta.url);

/** Name in the manifest -> the files it is joined from, in this order. */
const styles = {
  "app.css": ["css/tokens.css", "css/base.css", "css/components.css", "css/pages.css"],
  "admin.css": ["css/admin.css", "css/find.css"],
  "client.css": ["css/client.css", "css/find.css", "css/reading.css"],
};
/** Name in the manifest -> its file. Scripts are small and stay as they are written, for everybody to read. */
const scripts = {
  "app.js": "js/app.js",
  "admin.js": "js/admin.js",
  "client.js": "js/client.js",
  "editor.js": "js/editor.js",
  "find.js": "js/find.js",
  "office.js": "js/office.js",
  "visit.js": "js/visit.js",
  "openapi.js": "js/openapi.js",
  "showing.js": "js/showing.js",
};
/** Signs lie in assets/, where packages and documents take them from as well. */
const images = ["logo.svg", "logo-mark.svg"];
/** The signs of buttons and states, drawn on a grid of 20 units: one file, referred to by the name of the sign. */
const sprites = ["icons.svg"];

/** Comments out, white space down to what the grammar needs. Strings in our styles hold no runs of spaces. */
function minify(css) {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{};,]) ?/g, "$1")
    .replace(/: /g, ":")
    .replace(/;}/g, "}")
    .trim() + "\n";
}

function hashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return name.replace(/\.(\w+)$/, `.${hash}.$1`);
}

/**
 * A script whose imports name the files that they are built to, also those that are made only when they are needed; those become files as well. Modules may not import each other
 * in a circle, because each name carries the hash of the content.
 */
async function script(path, files, done) {
  if (done.has(path)) return done.get(path);
  done.set(path, null);
  let text = await readFile(new URL(path), "utf8");
  for (const [, one, other, later] of text.matchAll(/\bfrom "(\.[^"]+)"|\bimport "(\.[^"]+)"|\bawait import\("(\.[^"]+)"\)/g)) {
    const specifier = one ?? other ?? later;
    const made = await script(new URL(specifier, path).href, files, done);
    if (made === null) throw new Error(`${path}: ${specifier} imports it in turn`);
    text = text.replaceAll(`"${specifier}"`, `"./${made}"`);
  }
  const name = hashed(path.slice(path.lastIndexOf("/") + 1), text);
  files.set(name, text);
  done.set(path, name);
  return name;
}

async function build() {
  const files = new Map();
  const manifest = {};
  const add = (name, content) => {
    manifest[name] = hashed(name, content);
    files.set(manifest[name], content);
  };
  for (const [name, parts] of Object.entries(styles)) {
    const texts = await Promise.all(parts.map((part) => readFile(new URL(part, source), "utf8")));
    add(name, minify(texts.join("\n")));
  }
  const modules = new Map();
  for (const [name, path] of Object.entries(scripts)) manifest[name] = await script(new URL(path, source).href, files, modules);
  for (const name of images) add(name, await readFile(new URL(name, assets), "utf8"));
  for (const name of sprites) add(name, await readFile(new URL(`img/${name}`, source), "utf8"));
  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  files.set("manifest.json", JSON.stringify(sorted, null, 2) + "\n");
  return files;
}

async function check(files) {
  const present = await readdir(dist).catch(() => []);
  const wrong = present.filter((name) => !files.has(name)).map((name) => `${name}: not made by the build`);
  for (const [name, content] of files) {
    const found = await readFile(new URL(name, dist), "utf8").catch(() => null);
    if (found !== content) wrong.push(`${name}: ${found === null ? "missing" : "differs"}`);
  }
  if (wrong.length === 0) return;
  console.error(`ui/dist is not built from ui/src; run "node ui/build.mjs":\n  ${wrong.join("\n  ")}`);
  process.exitCode = 1;
}

async function write(files) {
  await mkdir(dist, { recursive: true });
  for (const [name, content] of files) await writeFile(new URL(name, dist), content);
  for (const name of await readdir(dist)) if (!files.has(name)) await rm(new URL(name, dist), { recursive: true });
  console.log([...files].map(([name, content]) => `${name} ${Buffer.byteLength(content)}`).join("\n"));
  console.log(`-> ${fileURLToPath(dist)}`);
}

const files = await build();
await (process.argv.includes("--check") ? check(files) : write(files));
