// Requests of scripts: the REST operations of users behind the cookie of the page.

import { t } from "./texts.802800d9e0.js";

const ROOT = "/web/client/api";
let token = "";

let isStale = false;

/** Says what the forms of this session carry. */
export function setToken(/** @type {string} */ value) {
  token = value;
}

/** The login, and from there back to this page. */
export const signInAddress = () => `/web/client/login?next=${encodeURIComponent(location.pathname + location.search)}`;

/** After the end of a session: somebody may have signed in again elsewhere, and forms of that session carry something else. */
async function renew() {
  const response = await fetch("/web/client/files", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok) return;
  const now = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("file-browser");
  const here = document.querySelector("file-browser, form.editor");
  if (!now || !here) return;
  // Somebody else: nothing of this page is theirs.
  if (now.dataset.user !== here.dataset.user) return here.matches("form") ? undefined : location.reload();
  here.dataset.token = now.dataset.token;
  token = now.dataset.token;
  isStale = false;
}

/** The headers that a change needs. */
export const guard = () => ({ "X-CSRF-TOKEN": token });

/** A refusal, in words for people. */
export class Refused extends Error {
  constructor(/** @type {number} */ status, /** @type {string} */ text) {
    super(text);
    this.status = status;
  }
}

/** What a refusal says: the text of the server where it says more than its status. */
export function refusal(/** @type {number} */ status, /** @type {string} */ body) {
  let detail = "";
  try {
    const { error, message } = JSON.parse(body);
    detail = error || message || "";
  } catch { /* no text of ours */ }
  const known = { 0: "no_connection", 401: "signed_out", 403: "refused", 404: "gone", 409: "exists", 413: "no_room", 423: "in_use", 429: "too_many", 503: "busy", 507: "no_room" }[status];
  return new Refused(status, known ? t(known) : detail || `${status}`);
}

/** An address below the API, with a query; paths in it are encoded already. */
export function address(/** @type {string} */ path, /** @type {Record<string, string>} */ query = {}) {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return `${ROOT}${path}${parts.length ? `?${parts.join("&")}` : ""}`;
}

/**
 * @param {string} method
 * @param {string} url
 * @param {{ json?: unknown, body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal }} [options]
 */
export async function send(method, url, { json, body, headers = {}, signal } = {}) {
  let response;
  if (isStale) await renew();
  try {
    response = await fetch(url, {
      method,
      signal,
      headers: { Accept: "application/json", ...guard(), ...(json === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: json === undefined ? body : JSON.stringify(json),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw refusal(0, "");
  }
  if (response.status === 401) isStale = true;
  if (!response.ok) throw refusal(response.status, await response.text().catch(() => ""));
  return response;
}

/** The entries of a directory. */
export async function list(/** @type {string} */ path, /** @type {AbortSignal} */ signal) {
  const response = await send("GET", address("/user/dirs", { path }), { signal });
  return response.json();
}

/** What may be done in a directory. */
export async function facts(/** @type {string} */ path, /** @type {AbortSignal} */ signal) {
  const response = await send("GET", address("/folder", { path }), { signal });
  return response.json();
}

/** Where a file is read from. */
export function fileAddress(/** @type {string} */ path, inline = false) {
  return `/web/client/file?path=${path}${inline ? "&inline=1" : ""}`;
}
