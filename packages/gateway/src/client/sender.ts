import { ClientError, isClientError } from "./client-error.ts";
import type { ClientOptions } from "./client-options.ts";
import type { Operation } from "./operations.ts";
import { readFailure, unreachable } from "./read-failure.ts";
import { type Given, prepareRequest } from "./request-options.ts";
import { backoffMs, waitWithTimer } from "./retry.ts";

/** Sends operations. */
export interface Sender {
  /** Sends one and reads its answer. Throws a {@link ClientError}, or the reason of the call's `signal`. */
  call(operation: Operation, given: Given): Promise<unknown>;
  /** Sends one once, and resolves with a good answer whose body was not read yet. Throws like `call`. */
  open(operation: Operation, given: Given): Promise<Response>;
  /** Waits before another attempt: as long as the server asked for, or longer each time. */
  waitFor(error: ClientError, attempt: number, signal: AbortSignal | undefined): Promise<void>;
}

const DEFAULT_RETRIES = 2;
// A server that asks for more is not waited for: the caller knows better what to do meanwhile.
const LONGEST_ASKED_MS = 60_000;

/** A sender for one server. */
export function createSender(client: ClientOptions): Sender {
  const send = client.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const wait = client.wait ?? waitWithTimer;

  const sender: Sender = {
    waitFor: ({ retryAfterMs }, attempt, signal) => wait(retryAfterMs ?? backoffMs(attempt), signal),
    async open(operation, given) {
      const { url, init } = prepareRequest(client, operation, given);
      return answered(operation, url, init);
    },
    async call(operation, given) {
      // Made once: a repetition has the same idempotency key.
      const { url, init, isRepeatable } = prepareRequest(client, operation, given);
      const { signal, retries = client.retries ?? DEFAULT_RETRIES } = given.options;
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await read(operation, url, await answered(operation, url, init));
        } catch (error) {
          const mayRepeat =
            isClientError(error) &&
            error.retryable &&
            isRepeatable &&
            attempt < retries &&
            (error.retryAfterMs ?? 0) <= LONGEST_ASKED_MS;
          if (!mayRepeat) throw error;
          await sender.waitFor(error, attempt, signal);
        }
      }
    },
  };
  return sender;

  async function answered(operation: Operation, url: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await send(url, init);
    } catch (error) {
      init.signal?.throwIfAborted();
      throw unreachable(url, error);
    }
    const isGood = response.ok || operation.otherStatuses?.includes(response.status) === true;
    if (!isGood) throw await readFailure(response);
    return response;
  }

  /** The body may break off as well. */
  async function read({ answer }: Operation, url: string, response: Response): Promise<unknown> {
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw unreachable(url, error);
    }
    if (answer === "nothing") return undefined;
    if (answer === "text") return text;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new ClientError(
        "ATLAS_CLIENT_ANSWER_UNKNOWN",
        "The server's answer is not JSON. Check the url: there may be something else.",
        { status: response.status, requestId: response.headers.get("x-request-id") ?? undefined, cause },
      );
    }
  }
}
