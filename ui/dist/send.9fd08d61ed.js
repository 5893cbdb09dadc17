// Sending one file: small ones in one request, others in pieces that go on where they stopped (tus 1.0.0).

import { address, guard, refusal } from "./api.7bfcfb533b.js";
import { base64 } from "./paths.d367a57b77.js";

/** Pauses before the next attempt, in seconds. */
const PAUSES = [0, 1, 3, 5, 10, 30];
const VERSION = { "Tus-Resumable": "1.0.0" };

/**
 * Where files go: below the pages of a user, or through a share. `once`: what is sent twice is there twice.
 * @typedef {{ whole: (path: string) => string, pieces: string | null, headers: () => Record<string, string>, chunk: number, once?: boolean }} Target
 */

/** The files of whoever is signed in. */
export function ownFiles(/** @type {number} */ chunk) {
  return /** @type {Target} */ ({ whole: (path) => address("/user/files/upload", { path, mkdir_parents: "true" }), pieces: address("/user/files/chunked-upload"), headers: guard, chunk });
}

/** A request with progress; what broke off on the way is status 0. */
function request(method, url, { headers, body, progress, signal }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    if (progress) xhr.upload.onprogress = (event) => progress(event.loaded);
    xhr.onload = () => (xhr.status < 300 ? resolve(xhr) : reject(refusal(xhr.status, xhr.responseText)));
    xhr.onerror = () => reject(refusal(0, ""));
    xhr.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    if (signal.aborted) xhr.abort();
    else xhr.send(body ?? null);
  });
}

/** Whether another attempt may help. */
const passes = (status) => status === 0 || status === 408 || status === 423 || status === 429 || status >= 500 && status !== 507;

/** Waits, or until the connection is back. */
function pause(attempt, signal) {
  const seconds = PAUSES[Math.min(attempt, PAUSES.length - 1)] * (0.8 + Math.random() * 0.4);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    addEventListener("online", () => { clearTimeout(timer); resolve(undefined); }, { once: true });
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("", "AbortError")); }, { once: true });
  });
}

/**
 * Sends a file.
 * @param {File} file
 * @param {string} path encoded
 * @param {Target} target
 * @param {{ progress: (bytes: number) => void, waiting: (is: boolean) => void, signal: AbortSignal, url?: string, began: (url: string) => void }} of `url` of an upload that began before
 */
export async function sendFile(file, path, target, { progress, waiting, signal, url, began }) {
  const inPieces = target.pieces && target.chunk > 0 && (url || target.once || file.size > target.chunk);
  let address = url;
  let offset = address ? -1 : 0;
  for (let attempt = 0; ; ) {
    try {
      if (!inPieces) {
        const headers = { ...target.headers(), "Content-Type": "application/octet-stream", "X-SFTPGO-MTIME": String(file.lastModified) };
        await request("POST", target.whole(path), { headers, body: file, progress, signal });
        return;
      }
      if (!address) {
        address = await begin(file, path, target, signal);
        began(address);
        offset = 0;
      }
      if (offset < 0) {
        offset = await reached(address, target, signal);
        if (offset === null) {
          address = undefined;
          offset = 0;
          continue;
        }
      }
      while (offset < file.size) {
        const start = offset;
        const piece = file.slice(start, start + target.chunk);
        const headers = { ...target.headers(), ...VERSION, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(start) };
        const answer = await request("PATCH", address, { headers, body: piece, progress: (bytes) => progress(start + Math.min(bytes, piece.size)), signal });
        offset = Number(answer.getResponseHeader("Upload-Offset"));
        if (!(offset > start)) throw refusal(500, "");
        attempt = 0;
        waiting(false);
        progress(offset);
      }
      return;
    } catch (error) {
      const conflict = inPieces && address && error.status === 409;
      if (!conflict && !passes(error.status)) throw error;
      // It may have arrived, and only the answer was lost.
      if (!inPieces && target.once && error.status === 0) throw error;
      if (attempt >= 20) throw error;
      waiting(true);
      await pause(attempt, signal);
      attempt += 1;
      offset = -1;
      if (!address) offset = 0;
    }
  }
}

async function begin(file, path, target, signal) {
  const metadata = `path ${base64(path)},mtime ${btoa(String(file.lastModified))},mkdir_parents ${btoa("true")}`;
  const headers = { ...target.headers(), ...VERSION, "Upload-Length": String(file.size), "Upload-Metadata": metadata };
  const answer = await request("POST", target.pieces, { headers, signal });
  return new URL(answer.getResponseHeader("Location"), location.href).pathname;
}

/** How far the server is; `null` if it forgot the upload. */
async function reached(address, target, signal) {
  try {
    const answer = await request("HEAD", address, { headers: { ...target.headers(), ...VERSION }, signal });
    return Number(answer.getResponseHeader("Upload-Offset"));
  } catch (error) {
    if (error.status === 404 || error.status === 410) return null;
    throw error;
  }
}

/** Gives an upload up on the server. */
export function giveUp(/** @type {string} */ address, /** @type {Target} */ target) {
  return fetch(address, { method: "DELETE", headers: { ...target.headers(), ...VERSION } }).catch(() => {});
}
