// Typed text outlives the session and the connection. While somebody types, the session goes on; where it ended all the same, the
// form that was sent leads to the login and back to its page, and finds there what was typed. Nothing is sent to a server that
// does not answer: the page stays as it is, and says so. Secrets and the token of the session do not wait.

const PREFIX = "entrepot-kept:";
/** Milliseconds between two words to the server that somebody is there. */
const ALIVE = 4 * 60_000;
/** Milliseconds that a server has to say that it is there. */
const PATIENCE = 8000;
/** Milliseconds that typed text waits. */
const WAITS = 60 * 60_000;

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

/** Whether the server answers: it is asked for this script, which needs no session. */
const isThere = () => fetch(import.meta.url, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).then(() => true, () => false);

function sayLost(form) {
  let note = form.querySelector(":scope > [data-lost-note]");
  if (!note) {
    note = document.createElement("p");
    note.className = "note note-bad form-note";
    note.dataset.lostNote = "";
    note.tabIndex = -1;
    form.prepend(note);
  }
  note.setAttribute("role", "alert");
  note.textContent = document.getElementById("main").dataset.lost;
  note.focus();
  note.scrollIntoView({ block: "nearest" });
}

/** Forms with something typed in them are sent once the server was heard. */
function askFirst() {
  addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (form.method !== "post" || form.dataset.again !== undefined || form.dataset.heard) return;
    if (!document.getElementById("main")?.dataset.lost || !form.querySelector("input:not([type=hidden]), select, textarea")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.asking) return;
    form.dataset.asking = "1";
    submitter?.setAttribute("aria-busy", "true");
    const there = await isThere();
    delete form.dataset.asking;
    submitter?.removeAttribute("aria-busy");
    if (!there) return sayLost(form);
    form.querySelector(":scope > [data-lost-note]")?.remove();
    form.dataset.heard = "1";
    form.requestSubmit(submitter);
    delete form.dataset.heard;
  }, { capture: true });
}

/**
 * What was typed on this page and got no answer: the session had ended and the door was in between, or the connection broke. An
 * answer comes from the page with the form; what it is about need not wait any longer.
 */
function takeKept() {
  const from = document.referrer && new URL(document.referrer);
  const before = from && from.origin === location.origin ? from.pathname + from.search : null;
  for (const name of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const { at, page } = JSON.parse(sessionStorage.getItem(name));
    if (page === before || Date.now() - at > WAITS) sessionStorage.removeItem(name);
  }
  const kept = sessionStorage.getItem(key());
  sessionStorage.removeItem(key());
  return kept && JSON.parse(kept).fields;
}

/** The form that says so. */
export function keepTyped() {
  askFirst();
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
      sessionStorage.setItem(key(), JSON.stringify({ at: Date.now(), page: location.pathname + location.search, fields: typed(form) }));
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
