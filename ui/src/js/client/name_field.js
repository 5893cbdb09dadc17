// A name that is changed where it stands: the label becomes a field, and a label again. While the new name is refused, or cannot
// be sent, the field stays with what was typed.

import { wrongName } from "./dialogs.js";
import { el } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {Element} label
 * @param {{ name: string, isFolder: boolean, isTaken: (name: string) => boolean, work: (name: string) => Promise<void>, refused: (error: Error) => void, end: () => void }} of
 */
export function nameField(label, { name: before, isFolder, isTaken, work, refused, end }) {
  let state = "typing";
  let last = "";
  const close = () => {
    state = "over";
    input.replaceWith(label);
    end();
  };
  const check = () => {
    const name = input.value.trim();
    const wrong = wrongName(name) || (name !== before && isTaken(name) ? t("exists") : "");
    input.setCustomValidity(wrong);
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    return wrong ? undefined : name;
  };
  const send = async (/** @type {string} */ name) => {
    if (state !== "typing") return;
    if (name === before) return close();
    state = "sending";
    last = name;
    input.readOnly = true;
    input.setAttribute("aria-busy", "true");
    try {
      await work(name);
      state = "over";
      // The list was read anew, unless it could not be.
      if (input.isConnected) input.replaceWith(label);
    } catch (error) {
      state = "typing";
      input.readOnly = false;
      input.removeAttribute("aria-busy");
      input.setAttribute("aria-invalid", "true");
      refused(/** @type {Error} */ (error));
      input.focus();
    }
  };
  const input = el("input", { class: "input input-name", value: before, maxlength: "255", "aria-label": t("rename_of", before), autocomplete: "off", autocapitalize: "none", spellcheck: "false", on: {
    input: check,
    keydown: (event) => {
      event.stopPropagation();
      if (event.key === "Escape" && state === "typing") close();
      if (event.key !== "Enter") return;
      event.preventDefault();
      const name = check();
      if (name === undefined) input.reportValidity();
      else send(name);
    },
    // What was refused waits for another word: somebody may be on the way to sign in again.
    blur: () => {
      const name = check();
      if (state !== "typing" || name === last) return;
      if (name === undefined) close();
      else send(name);
    },
  } });
  label.replaceWith(input);
  input.focus();
  const stem = isFolder ? -1 : before.lastIndexOf(".");
  input.setSelectionRange(0, stem > 0 ? stem : before.length);
}
