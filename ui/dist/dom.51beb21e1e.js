// Elements without templates: small, and nothing that came from outside is ever read as markup.

let sprite = "";

/** Says where the signs are. */
export function setSprite(/** @type {string} */ address) {
  sprite = address;
}

/**
 * An element with attributes and children; `on` holds its listeners. `null` and `false` are left out.
 * @param {string} name
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  // One by one: there may be more than a call takes.
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** A sign of the sprite. */
export function icon(/** @type {string} */ name, small = false) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", small ? "icon icon-s" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button with a sign and a word; without a word the label is for readers only. */
export function button(/** @type {{ icon?: string, text?: string, label?: string, class?: string, act: (event: Event) => void }} */ of) {
  return el("button", { type: "button", class: of.class ?? "btn", "aria-label": of.label ?? null, title: of.label ?? null, on: { click: of.act } },
    of.icon ? icon(of.icon, (of.class ?? "").includes("btn-s")) : null, of.text ? ` ${of.text}` : null);
}

/** Says how far something is, for as long as it goes on, with a way to stop it. */
export function progress(/** @type {{ text: string, stop: () => void }} */ { text, stop }) {
  const says = el("span", { class: "grow num" });
  // Numbers that change each second are not read out.
  const line = el("div", { class: "toast", "aria-live": "off" }, el("span", { class: "spin", "aria-hidden": "true" }), says, button({ text, class: "btn btn-quiet btn-s", act: stop }));
  return {
    say(/** @type {string} */ words) {
      says.textContent = words;
      if (!line.isConnected) document.getElementById("toasts")?.append(line);
    },
    end: () => line.remove(),
  };
}

/** Says something for ten seconds, with one thing to do about it at most. */
export function toast(/** @type {string} */ text, /** @type {{ bad?: boolean, action?: { text: string, act: () => void } }} */ { bad = false, action } = {}) {
  const box = document.getElementById("toasts");
  if (!box) return;
  // Said once, however many parts of the page have come upon it.
  for (const other of [...box.children]) if (other.querySelector(".grow")?.textContent === text) other.remove();
  const line = el("div", { class: "toast" },
    el("span", { class: bad ? "is-bad" : "is-ok" }, icon(bad ? "bad" : "ok")),
    el("span", { class: "grow" }, text),
    action ? button({ text: action.text, class: "btn btn-quiet btn-s", act: () => { line.remove(); action.act(); } }) : null,
    button({ icon: "x", label: box.dataset.dismiss ?? "×", class: "btn btn-quiet btn-icon btn-s", act: () => line.remove() }));
  box.append(line);
  // What goes on stays.
  for (const old of [...box.children].filter((one) => !one.querySelector(".spin")).slice(0, -4)) old.remove();
  setTimeout(() => line.remove(), bad ? 20_000 : 10_000);
}
