// Pages of administrators: numbers that follow what happens, rows that can be added, a file that is read into its field.
import { showTimes } from "./app.ad317b0cc7.js";

const EVERY = 3000;

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

/** One more row than the page came with; the numbers of the new one follow. */
function rows() {
  for (const list of document.querySelectorAll("[data-rows]")) {
    list.addEventListener("input", () => {
      const all = list.querySelectorAll(":scope > [data-row]");
      const last = all[all.length - 1];
      const typed = [...last.querySelectorAll("input, textarea")].some((field) => field.type !== "checkbox" && field.value !== "");
      if (!typed) return;
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
    });
  }
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

live();
rows();
files();
