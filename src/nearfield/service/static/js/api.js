/** Calls to the service, and its problems as errors that say what to do. */
import { store } from "./store.js";

/** Whether the service asks for a key. */
export const locked = store(false);

/** What went wrong, as the service tells it (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number} status of HTTP; 0 where the service was not reached
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The address of something in a catalogue: of("a", "items", 7). */
export function of(catalogue, ...parts) {
  return ["/api/catalogues", ...[catalogue, ...parts].map(encodeURIComponent)].join("/");
}

/**
 * Add a query to an address; what is empty is left out.
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} query
 */
export function asking(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => call("GET", path, undefined, signal);

/** @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] */
export const post = (path, body, signal) => call("POST", path, body, signal);

/** @param {string} path */
export const remove = (path) => call("DELETE", path);

async function call(method, path, body, signal) {
  const request = { method, signal, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  let reply;
  try {
    reply = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service does not answer. Is it still running?", 0);
  }
  if (reply.ok) return reply.status === 204 ? null : reply.json();
  if (reply.status === 401) locked.set(true);
  throw problemOf(reply.status, await reply.text());
}

/**
 * Read a problem from an answer.
 * @param {number} status
 * @param {string} text
 */
export function problemOf(status, text) {
  let told = null;
  try {
    told = JSON.parse(text);
  } catch {
    // something between us and the service answered in its own words
  }
  const detail = typeof told?.detail === "string" ? told.detail : told?.title;
  return new Problem(detail ?? `The service answered ${status}.`, status);
}

/**
 * Send a file, telling how much of it is there.
 * @param {string} path
 * @param {File} file
 * @param {(share: number) => void} tell in [0, 1]
 * @returns {Promise<any>}
 */
export function upload(path, file, tell) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much it has sent
    request.open("POST", path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => event.total && tell(event.loaded / event.total);
    request.onerror = () => fail(new Problem("The file could not be sent.", 0));
    request.onload = () => {
      if (request.status < 300) return done(JSON.parse(request.responseText));
      if (request.status === 401) locked.set(true);
      return fail(problemOf(request.status, request.responseText));
    };
    request.send(file);
  });
}
