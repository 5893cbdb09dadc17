// What is within a paragraph of Markdown: words in other tones, links, pictures, code.

import { el } from "./dom.js";

/** Deepest nesting of tones, and longest paragraph that is looked into. */
const DEPTH = 8;
const LONGEST = 20_000;

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: "\"", apos: "'", nbsp: "\u00a0", copy: "©", mdash: "—", ndash: "–", hellip: "…" };
const TONES = [["**", "strong"], ["__", "strong"], ["~~", "del"], ["*", "em"], ["_", "em"]];
const LINK = /^(!?)\[((?:\\.|\[[^\][]{0,500}\]|[^\][\\])*)\](?:\(\s*<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?:\s+["'(][^\n]*?["')])?\s*\)|\[([^\]\n]{0,200})\])?/;
const BARE = /^(?:https?:\/\/|www\.)[^\s<]*[^\s<.,:;"')\]!?]/i;

/** Whether an address is one of the web or of mail. */
const isWeb = (address) => /^(?:https?:\/\/|mailto:)/i.test(address);
/** Any other scheme, as `javascript:`, is none that is followed. */
const hasScheme = (address) => /^[a-z][a-z0-9+.-]*:/i.test(address.replace(/[\u0000-\u0020]/g, "")) || /^[/\\]{2}/.test(address);

/**
 * The nodes of a text.
 * @param {string} text
 * @param {import("./markdown.js").Context} context
 * @returns {(Node | string)[]}
 */
export function spans(text, context, depth = 0, isInLink = false) {
  if (depth > DEPTH || text.length > LONGEST) return [text];
  const made = [];
  const missing = new Set();
  let plain = "";
  let at = 0;
  const push = (node, length) => {
    if (plain) made.push(plain);
    plain = "";
    made.push(node);
    at += length;
  };
  while (at < text.length) {
    const found = next(text, at, context, depth, isInLink, missing);
    if (!found) {
      plain += text[at];
      at += 1;
    } else if (typeof found[0] === "string") {
      plain += found[0];
      at += found[1];
    } else push(found[0], found[1]);
  }
  if (plain) made.push(plain);
  return made;
}

/** What begins at a place, and how long it is. */
function next(text, at, context, depth, isInLink, missing) {
  const sign = text[at];
  const rest = () => text.slice(at, at + 2000);
  switch (sign) {
    case "\\": return escape(text, at);
    case "\n": return [" ", 1];
    case " ": return /^ {2,}\n/.test(rest()) ? [el("br"), rest().indexOf("\n") + 1] : null;
    case "`": return code(text, at, missing);
    case "&": return entity(rest());
    case "<": return angle(rest(), isInLink);
    case "!": case "[": return link(rest(), context, depth, isInLink);
    case "h": case "H": case "w": return isInLink || /\w/.test(text[at - 1] ?? "") ? null : bare(rest());
    case "*": case "_": case "~": return tone(text, at, context, depth, isInLink, missing);
    default: return null;
  }
}

function escape(text, at) {
  const sign = text[at + 1];
  if (sign === "\n") return [el("br"), 2];
  return sign && /[!-/:-@[-`{-~]/.test(sign) ? [sign, 2] : null;
}

function code(text, at, missing) {
  const [marks] = /^`+/.exec(text.slice(at));
  if (missing.has(marks)) return [marks, marks.length];
  for (let end = text.indexOf(marks, at + marks.length); end >= 0; end = text.indexOf(marks, end + 1)) {
    if (text[end - 1] === "`" || text[end + marks.length] === "`") continue;
    const inner = text.slice(at + marks.length, end).replaceAll("\n", " ");
    const isPadded = inner[0] === " " && inner.at(-1) === " " && inner.trim() !== "";
    return [el("code", {}, isPadded ? inner.slice(1, -1) : inner), end + marks.length - at];
  }
  missing.add(marks);
  return [marks, marks.length];
}

function entity(rest) {
  const found = /^&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/i.exec(rest);
  if (!found) return null;
  const number = found[1] ? Number(found[1]) : found[2] ? Number.parseInt(found[2], 16) : null;
  if (number === null) return Object.hasOwn(ENTITIES, found[3]) ? [ENTITIES[found[3]], found[0].length] : null;
  return number > 31 && number < 0x110000 ? [String.fromCodePoint(number), found[0].length] : null;
}

function angle(rest, isInLink) {
  const broken = /^<br\s*\/?>/i.exec(rest);
  if (broken) return [el("br"), broken[0].length];
  const found = /^<((?:https?:\/\/|mailto:)[^\s<>]+)>/i.exec(rest) ?? /^<([\w.+-]+@[\w-]+(?:\.[\w-]+)+)>/.exec(rest);
  if (!found || isInLink) return null;
  return [away(found[1].includes(":") ? found[1] : `mailto:${found[1]}`, [found[1]]), found[0].length];
}

const away = (address, content) => el("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, content);

function bare(rest) {
  const found = BARE.exec(rest);
  return found ? [away(/^w/i.test(found[0]) ? `https://${found[0]}` : found[0], [found[0]]), found[0].length] : null;
}

function link(rest, context, depth, isInLink) {
  const found = LINK.exec(rest);
  if (!found) return null;
  const [whole, isPicture, text, direct, name] = found;
  const address = direct ?? context.named.get((name || text).toLowerCase());
  if (address === undefined) return null;
  if (isPicture) return [picture(address, text.replace(/[[\]\\]/g, ""), context), whole.length];
  if (isInLink) return null;
  const content = spans(text, context, depth + 1, true);
  if (isWeb(address)) return [away(address, content), whole.length];
  const target = hasScheme(address) || address.startsWith("#") ? null : context.beside.file(address);
  return [target ? el("a", { href: target }, content) : el("span", {}, content), whole.length];
}

/** One that lies beside the file is shown; one of elsewhere is a link, so that nobody learns who looks. */
function picture(address, text, context) {
  const source = isWeb(address) || hasScheme(address) ? null : context.beside.picture(address);
  if (source) return el("img", { src: source, alt: text, loading: "lazy" });
  return isWeb(address) ? away(address, [text || address]) : el("span", {}, text);
}

function tone(text, at, context, depth, isInLink, missing) {
  for (const [mark, name] of TONES) {
    if (!text.startsWith(mark, at) || missing.has(mark)) continue;
    const isWord = (sign) => /[\p{L}\p{N}]/u.test(sign ?? "");
    const before = text[at - 1];
    if (!/\S/.test(text[at + mark.length] ?? " ") || (mark[0] === "_" && isWord(before))) continue;
    for (let end = text.indexOf(mark, at + mark.length + 1); ; end = text.indexOf(mark, end + 1)) {
      if (end < 0) {
        missing.add(mark);
        break;
      }
      const next = text[end + mark.length];
      const isEnd = /\S/.test(text[end - 1]) && text[end - 1] !== "\\" && !(mark[0] === "_" && isWord(next)) && !(mark.length === 1 && (next === mark || text[end - 1] === mark));
      if (isEnd) return [el(name, {}, spans(text.slice(at + mark.length, end), context, depth + 1, isInLink)), end + mark.length - at];
    }
  }
  // A run of marks that opens nothing is passed over at once.
  const [run] = /^(?:\*+|_+|~+)/.exec(text.slice(at, at + 200));
  return [run, run.length];
}
