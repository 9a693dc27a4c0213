import { readEventStream } from "./event-stream.js";
import { pause } from "./repeat.js";

/** @import { Session } from "./session.js" */
/** @import { StreamEvent } from "./event-stream.js" */

/**
 * The public HTTP API, with the token of this tab.
 *
 * @typedef {ReturnType<typeof createApi>} Api
 */

// The server answers `/console/app/api.js`, so its API begins two folders up, wherever a host has mounted it.
const BASE = new URL("../../", import.meta.url);
const TOO_MANY = 429;
const MOST_TRIES = 3;
const LONGEST_WAIT_MS = 10_000;
const never = new AbortController().signal;

/** An answer that is no success, as the server's problem document says it. */
export class ApiProblem extends Error {
  /**
   * @param {number} status
   * @param {Readonly<{ detail?: unknown, code?: unknown }>} problem
   */
  constructor(status, { detail, code }) {
    super(typeof detail === "string" ? detail : `The server answered with status ${status}.`);
    this.status = status;
    this.code = typeof code === "string" ? code : "";
  }
}

/**
 * @param {object} options
 * @param {Session} options.session
 * @param {() => void} options.onUnauthorized Called when the server wants another token.
 * @param {(isReachable: boolean) => void} options.onReach Called with every answer, and when none came.
 */
export function createApi({ session, onUnauthorized, onReach }) {
  let changes = 0;

  return {
    /** How often something was changed. What was read before the last change may be wrong. */
    get changes() {
      return changes;
    },
    /**
     * Reads. The caller says what the route answers with.
     *
     * @param {string} path
     * @param {{ query?: Readonly<Record<string, string | number | undefined>>, signal?: AbortSignal, accept?: string, isPatient?: boolean }} [options]
     *   `isPatient`: whether to try again when the server has no room. Default: true.
     * @returns {Promise<any>}
     */
    async get(path, { query = {}, signal, accept = "application/json", isPatient = true } = {}) {
      const url = new URL(path.replace(/^\//, ""), BASE);
      for (const [name, value] of Object.entries(query))
        if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
      const response = await send(
        url,
        { headers: { accept }, signal: signal ?? never },
        isPatient ? 1 : MOST_TRIES,
      );
      return accept === "application/json" ? response.json() : response;
    },
    /**
     * Changes something. With the same key, a repeated call changes nothing more.
     *
     * @param {string} path
     * @param {unknown} body
     * @param {string} key
     * @returns {Promise<any>}
     */
    async post(path, body, key) {
      const response = await send(new URL(path.replace(/^\//, ""), BASE), {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body),
        signal: never,
      });
      changes += 1;
      return response.status === 204 ? undefined : response.json();
    },
    /**
     * Follows a stream of server-sent events until it ends. A browser's own `EventSource` cannot send the token.
     *
     * @param {string} path
     * @param {{ query?: Readonly<Record<string, string>>, signal: AbortSignal }} options
     * @returns {AsyncGenerator<StreamEvent, void, void>}
     */
    async *follow(path, { query = {}, signal }) {
      const url = new URL(path.replace(/^\//, ""), BASE);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const response = await send(url, { headers: { accept: "text/event-stream" }, signal });
      if (response.body !== null) yield* readEventStream(response.body);
    },
  };

  /**
   * A read that the server has no room for now is sent again when it says; a change is not, since whoever asked for it is waiting.
   *
   * @param {URL} url
   * @param {RequestInit & { headers: Record<string, string>, signal: AbortSignal }} request
   * @param {number} [tries]
   * @returns {Promise<Response>}
   */
  async function send(url, request, tries = 1) {
    const { token } = session;
    if (token !== undefined) request.headers["authorization"] = `Bearer ${token}`;
    /** @type {Response} */
    let response;
    try {
      response = await fetch(url, { ...request, credentials: "omit", redirect: "error" });
    } catch (error) {
      if (!request.signal.aborted) onReach(false);
      if (error instanceof TypeError)
        throw new Error("The gateway does not answer. Is it running?", { cause: error });
      throw error;
    }
    onReach(true);
    if (response.ok) return response;
    if (response.status === TOO_MANY && request.method === undefined && tries < MOST_TRIES) {
      await pause(
        Math.min(LONGEST_WAIT_MS, Number(response.headers.get("retry-after") ?? 1) * 1_000),
        request.signal,
      );
      if (!request.signal.aborted) return send(url, request, tries + 1);
    }
    if (response.status === 401 && session.token === token) onUnauthorized();
    throw new ApiProblem(response.status, await response.json().catch(() => ({})));
  }
}

/** A new key for one change, however often it is sent. (`randomUUID` is missing where a host serves without TLS.) */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
