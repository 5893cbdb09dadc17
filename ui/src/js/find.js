// The palette of Ctrl+K (on a Mac, Command+K): what the page "Find" shows, without leaving the page.

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

  const links = () => [...hits.querySelectorAll("a")];
  let asked = 0;
  let timer;
  const look = async () => {
    const mine = ++asked;
    try {
      const answer = await fetch(`${form.action}/hits?q=${encodeURIComponent(input.value)}`, { headers: { accept: "text/html" } });
      if (mine !== asked) return;
      if (answer.status === 401 || answer.redirected) return location.reload();
      if (!answer.ok) return;
      // Ours, rendered and escaped by the server; the policy of the page lets no script in it run.
      const text = await answer.text();
      if (mine === asked) hits.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    } catch {
      // No connection: what was found stays, and Enter asks for the page.
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
  search.addEventListener("submit", (event) => {
    const [first] = links();
    if (!first || timer === undefined) return;
    event.preventDefault();
    first.click();
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
  return { dialog, input, look };
}

function open() {
  palette ??= build();
  if (palette.dialog.open) return;
  palette.input.value = field.value;
  palette.dialog.showModal();
  palette.input.select();
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
