// Pages of administrators: numbers that follow what happens, rows that can be added, a file that is read into its field.
import { showTimes } from "./app.js";

const EVERY = 3000;
/** Lines of the log on a page that follows it. */
const LINES = 1000;

/** Parts that the server renders again every few seconds, while somebody looks and nobody types in them. */
function live() {
  for (const part of document.querySelectorAll("[data-live]")) {
    let failures = 0;
    const look = async () => {
      if (!document.hidden && !part.contains(document.activeElement)) {
        try {
          const answer = await fetch(part.dataset.live, { headers: { accept: "text/html" } });
          if (answer.status === 401 || answer.redirected) return location.reload();
          if (answer.ok) {
            // Ours, rendered and escaped by the server; the policy of the page lets no script in it run.
            const text = await answer.text();
            part.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
            showTimes(part);
            failures = 0;
          }
        } catch {
          failures += 1;
        }
      }
      setTimeout(look, EVERY * Math.min(10, failures + 1));
    };
    setTimeout(look, EVERY);
  }
}

/** One more row of a list; the numbers of the new one follow. */
function addRow(list) {
  const all = list.querySelectorAll(":scope > [data-row]");
  const last = all[all.length - 1];
  const next = last.cloneNode(true);
  const number = all.length;
  for (const field of next.querySelectorAll("input, select, textarea")) {
    field.name = field.name.replace(/\.\d+\./, `.${number}.`);
    if (field.id) field.id = `${field.id}-${number}`;
    if (field.type === "checkbox") field.checked = false;
    else if (field.tagName !== "SELECT") field.value = "";
  }
  for (const label of next.querySelectorAll("label[for]")) label.htmlFor = `${label.htmlFor}-${number}`;
  last.after(next);
  return next;
}

/** There is always an empty row below the last one that is typed in, and a button that makes one. */
function rows() {
  for (const list of document.querySelectorAll("[data-rows]")) {
    list.addEventListener("input", () => {
      const all = list.querySelectorAll(":scope > [data-row]");
      const fields = [...all[all.length - 1].querySelectorAll("input, textarea")];
      if (fields.some((field) => field.type !== "checkbox" && field.value !== "")) addRow(list);
    });
    // Without scripts the button asks the server for the form with more rows.
    list.querySelector(":scope > [data-more]")?.addEventListener("click", (event) => {
      event.preventDefault();
      addRow(list).querySelector("input, select, textarea")?.focus();
    });
  }
}

/** A placeholder goes where somebody typed last. */
function placeholders() {
  for (const help of document.querySelectorAll(".placeholders")) {
    const form = help.closest("form");
    let field = null;
    form.addEventListener("focusin", (event) => {
      if (event.target.matches("textarea, input[type=text]")) field = event.target;
    });
    for (const code of help.querySelectorAll("[data-insert]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "insert";
      code.replaceWith(button);
      button.append(code);
      button.addEventListener("click", () => {
        field ??= form.querySelector("textarea");
        if (!field) return;
        const { selectionStart: from, selectionEnd: to, value } = field;
        field.value = value.slice(0, from) + code.dataset.insert + value.slice(to);
        field.focus();
        field.setSelectionRange(from + code.dataset.insert.length, from + code.dataset.insert.length);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
  }
}

/** The box at the head of a list ticks all of the page; how many are ticked stands beside what can be done with them. */
function ticks() {
  for (const form of document.querySelectorAll(".objects-form")) {
    const all = form.querySelector("[data-all]");
    const said = form.querySelector("[data-count]");
    if (!all || !said) continue;
    const boxes = [...form.querySelectorAll('tbody .box[name="name"]')];
    const every = form.querySelector('[name="which"]');
    const tell = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
      said.textContent = said.dataset.count.replace("{0}", String(ticked));
      if (ticked === 0 && every) every.checked = false;
    };
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      tell();
    });
    form.addEventListener("change", (event) => {
      if (event.target.name === "name") tell();
    });
    // With Shift held, everything between two boxes.
    let last = null;
    for (const box of boxes) {
      box.addEventListener("click", (event) => {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
        if (event.shiftKey && from >= 0) for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
        last = box;
        tell();
      });
    }
    tell();
  }
}

/** An open panel closes with Escape, or when somebody goes elsewhere. */
function panels() {
  const open = () => document.querySelectorAll(".drop-down[open]");
  addEventListener("click", (event) => {
    for (const panel of open()) if (!panel.contains(event.target)) panel.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const panel of open()) {
      panel.open = false;
      panel.querySelector("summary").focus();
    }
  });
}

/** A chosen file is put into the field that the server reads. */
function files() {
  for (const box of document.querySelectorAll("[data-file-into]")) {
    const field = document.getElementById(box.dataset.fileInto);
    box.hidden = false;
    box.querySelector("input").addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (file) field.value = await file.text();
    });
  }
}

/** Lines that come are put on top while the switch is on; what nobody can see any more goes. */
function follow() {
  for (const box of document.querySelectorAll("[data-follow]")) {
    const list = document.getElementById(box.dataset.into);
    let source = null;
    box.closest("label").hidden = false;
    const begin = () => {
      source = new EventSource(box.dataset.follow);
      source.addEventListener("lines", (event) => {
        // Rendered and escaped by the server, as in live().
        const body = new DOMParser().parseFromString(JSON.parse(event.data), "text/html").body;
        list.prepend(...body.childNodes);
        list.parentElement.querySelector(".log-none").hidden = true;
        while (list.childElementCount > LINES) list.lastElementChild.remove();
        const next = new URL(box.dataset.follow, location.href);
        next.searchParams.set("after", event.lastEventId);
        box.dataset.follow = next.pathname + next.search;
      });
      source.addEventListener("error", () => {
        // Refused for good: the session has ended.
        if (source?.readyState === EventSource.CLOSED) location.reload();
      });
    };
    box.checked = false;
    box.addEventListener("change", () => {
      source?.close();
      source = null;
      if (box.checked) begin();
    });
    addEventListener("pagehide", () => { source?.close(); box.checked = false; });
  }
}

live();
rows();
files();
ticks();
panels();
placeholders();
follow();
