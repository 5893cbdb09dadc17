// Files that were dropped, pasted or picked, with the directories that they lie in.

/** @typedef {{ file: File, name: string }} Picked `name` is relative, with `/` between directories. */

/** From a file field; one for directories tells the way to each file. */
export function fromField(/** @type {HTMLInputElement} */ field) {
  return [...(field.files ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

/**
 * From a drop. Directories are read one after another; `progress` hears how many files there are so far.
 * @param {DataTransfer} transfer
 * @param {(count: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<Picked[]>}
 */
export async function fromDrop(transfer, progress, signal) {
  // Entries are gone after this turn of the event loop, so all are taken before the first is read.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const roots = items.map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  /** @type {Picked[]} */
  const picked = [];
  const walk = async (entry, way) => {
    if (signal.aborted) return;
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      picked.push({ file, name: way + file.name });
      if (picked.length % 100 === 0) progress(picked.length);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length || signal.aborted) return;
      for (const child of some) await walk(child, `${way}${entry.name}/`);
    }
  };
  for (const { entry, file } of roots) {
    if (entry) await walk(entry, "");
    else if (file) picked.push({ file, name: file.name });
  }
  progress(picked.length);
  return signal.aborted ? [] : picked;
}
