// Typed text outlives the session. While somebody types, the session goes on; where it ended all the same, the form that was sent
// leads to the login and back to its page, and finds there what was typed. Secrets and the token of the session do not wait.

const PREFIX = "entrepot-kept:";
/** Milliseconds between two words to the server that somebody is there. */
const ALIVE = 4 * 60_000;
/** Pages of the door, from which one comes back. */
const DOOR = /^\/web\/(admin|client)\/(login|twofactor|twofactor-recovery)$/;

/** One page of one account: others who sign in get nothing of it. */
const key = () => `${PREFIX}${document.getElementById("main")?.dataset.who} ${location.pathname}${location.search}`;
const isBox = (field) => field.type === "checkbox" || field.type === "radio";
const isSecret = (field) => field.type === "password" || field.type === "file" || field.dataset.secret !== undefined || field.name === "_form_token";

/** Names and values as they stand in the form. */
function typed(form) {
  const fields = [...form.elements].filter((field) => field.name && field.type !== "submit" && !isSecret(field));
  return fields.filter((field) => !isBox(field) || field.checked).map((field) => [field.name, field.value]);
}

function fill(form, fields) {
  for (const [name, value] of fields) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLElement) || isBox(field) || isSecret(field)) continue;
    field.value = value;
    // Rows grow as they are typed in.
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const box of form.elements) {
    if (box.name && isBox(box)) box.checked = fields.some(([name, value]) => name === box.name && value === box.value);
  }
}

/** What waits is for the page that comes next, if that comes from the door. */
function takeKept() {
  const kept = sessionStorage.getItem(key());
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
  const from = document.referrer && new URL(document.referrer);
  return kept && from && from.origin === location.origin && DOOR.test(from.pathname) ? JSON.parse(kept) : null;
}

/** The form that says so. */
export function keepTyped() {
  const kept = takeKept();
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  let beat = Date.now();
  form.addEventListener("input", () => {
    if (Date.now() - beat < ALIVE) return;
    beat = Date.now();
    fetch(`/web/${location.pathname.split("/")[2]}/alive`, { headers: { Accept: "application/json" } }).catch(() => {});
  });
  form.addEventListener("submit", () => {
    try {
      sessionStorage.setItem(key(), JSON.stringify(typed(form)));
    } catch { /* more than a browser keeps */ }
  });
  // Other scripts add their rows first.
  if (kept) addEventListener("load", () => {
    fill(form, kept);
    const note = document.createElement("p");
    note.className = "note note-info";
    note.setAttribute("role", "status");
    note.textContent = form.dataset.keep;
    form.prepend(note);
  });
}
