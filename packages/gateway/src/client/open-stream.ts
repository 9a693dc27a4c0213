import { ClientError, isClientError } from "./client-error.ts";
import type { Operation } from "./operations.ts";
import type { Given } from "./request-options.ts";
import type { Sender } from "./sender.ts";
import { readServerSentEvents, type ServerSentEvent } from "./server-sent-events.ts";

// The server sends a heartbeat every 15 s. A connection that is silent for longer is dead, though nobody said so.
const SILENCE_MS = 45_000;

/**
 * Follows a stream for as long as its reader wants: when it breaks off, it is opened again with what `given` returns then. Throws the
 * refusal of a server, and the reason of `signal`.
 */
export async function* followStream(
  sender: Sender,
  operation: Operation,
  options: { readonly given: () => Given; readonly signal: AbortSignal | undefined },
): AsyncGenerator<ServerSentEvent, undefined> {
  const { given, signal } = options;
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    const connection = new AbortController();
    const abort = (): void => connection.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    let failure: ClientError;
    try {
      const asked = given();
      const response = await sender.open(operation, {
        ...asked,
        options: { ...asked.options, signal: connection.signal },
      });
      if (response.body === null) throw endedEarly(undefined);
      for await (const event of alive(readServerSentEvents(response.body), connection)) {
        attempt = 0;
        yield event;
      }
      failure = endedEarly(undefined);
    } catch (error) {
      signal?.throwIfAborted();
      failure = isClientError(error) ? error : endedEarly(error);
      if (!failure.retryable) throw failure;
    } finally {
      signal?.removeEventListener("abort", abort);
      connection.abort();
    }
    await sender.waitFor(failure, attempt, signal);
  }
}

function endedEarly(cause: unknown): ClientError {
  return new ClientError("ATLAS_CLIENT_UNREACHABLE", "The stream broke off.", { status: 0, cause });
}

/** Ends a connection that has become silent. */
async function* alive(
  events: AsyncGenerator<ServerSentEvent, undefined>,
  connection: AbortController,
): AsyncGenerator<ServerSentEvent, undefined> {
  try {
    for (;;) {
      const timer = setTimeout(() => connection.abort(new Error("The stream was silent.")), SILENCE_MS);
      try {
        const { done, value } = await events.next();
        if (done === true) return undefined;
        yield value;
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    await events.return(undefined);
  }
}
