// The palette of Ctrl+K (on a Mac, Command+K): what the page "Find" shows, without leaving the page, and before it what can be done
// on this one. A page that has commands answers the event "palette" with them.

const form = document.querySelector("[data-find]");
const field = form?.querySelector("input");
let palette;

function build() {
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", form.querySelector(".vh").textContent);
  const search = form.cloneNode(true);
  search.removeAttribute("data-find");
  const input = search.querySelector("input");
  const hits = document.createElement("div");
  hits.className = "palette-hits";
  hits.setAttribute("aria-live", "polite");
  dialog.append(search, hits);
  document.body.append(dialog);

  const links = () => [...hits.querySelectorAll("a, button")];
  let asked = 0;
  let timer;
  let answered = [];
  let answeredTo = null;
  const show = () => hits.replaceChildren(...[commands(input.value, () => dialog.close()), ...answered].filter((part) => part && !(part.matches?.(".hits-none") && commandsOf(input.value).length)));
  const look = async () => {
    const mine = ++asked;
    const { value } = input;
    try {
      const answer = await fetch(`${form.action}/hits?q=${encodeURIComponent(value)}`, { headers: { accept: "text/html" } });
      if (mine !== asked) return;
      if (answer.status === 401 || answer.redirected) return location.reload();
      if (!answer.ok) return;
      // Ours, rendered and escaped by the server; the policy of the page lets no script in it run.
      const text = await answer.text();
      if (mine !== asked) return;
      answeredTo = value;
      answered = [...new DOMParser().parseFromString(text, "text/html").body.childNodes];
      show();
    } catch {
      // No connection: what was found stays, and Enter asks for the page.
    }
  };
  input.addEventListener("input", () => {
    show();
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
  search.addEventListener("submit", async (event) => {
    if (!input.value.trim()) return;
    event.preventDefault();
    clearTimeout(timer);
    // Not what was found for half of the word.
    if (answeredTo !== input.value) await look();
    const [first] = links();
    if (first && answeredTo === input.value) first.click();
    else search.submit();
  });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [input, ...links()];
    const at = all.indexOf(document.activeElement);
    all[(at + step + all.length) % all.length].focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return { dialog, input, look, show };
}

/** What the page offers: everything about the words, at most six where there are none. */
function commandsOf(text) {
  const found = [];
  document.dispatchEvent(new CustomEvent("palette", { detail: found }));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return found.filter((one) => words.every((word) => one.text.toLowerCase().includes(word))).slice(0, words.length ? 8 : 6);
}

/** A sign of the page, under another name. */
function sign(name) {
  const svg = form.querySelector("svg").cloneNode(true);
  const use = svg.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${name}`));
  return svg;
}

function commands(text, close) {
  const found = commandsOf(text);
  if (!found.length) return null;
  const section = document.createElement("section");
  section.className = "hits";
  const list = document.createElement("ul");
  section.append(list);
  for (const { icon, text: word, key, href, act } of found) {
    const line = document.createElement(href ? "a" : "button");
    if (href) line.href = href;
    else line.type = "button";
    const label = document.createElement("span");
    label.className = "clip";
    label.textContent = word;
    line.append(sign(icon), label);
    if (key) line.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    // The palette gives the keyboard back first: what is done may take it.
    if (act) line.addEventListener("click", () => { close(); setTimeout(act); });
    const item = document.createElement("li");
    item.append(line);
    list.append(item);
  }
  return section;
}

function open() {
  palette ??= build();
  if (palette.dialog.open) return;
  palette.input.value = field.value;
  palette.dialog.showModal();
  palette.input.select();
  palette.show();
  palette.look();
}

if (form && typeof HTMLDialogElement === "function") {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  form.querySelector("kbd").hidden = false;
  form.querySelector("kbd").textContent = isMac ? "⌘K" : "Ctrl K";
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || event.altKey || event.shiftKey || !(isMac ? event.metaKey : event.ctrlKey)) return;
    // In editors it may mean something else.
    if (event.target.closest?.("textarea, [contenteditable]")) return;
    event.preventDefault();
    open();
  });
}
