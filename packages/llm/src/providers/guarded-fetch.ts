import { RefusedResponse } from "../ai-sdk/failures/refused-response.ts";
import { lifeListener } from "../ai-sdk/signs-of-life.ts";

/** The largest body that is read, in bytes (10 MB), unless the caller expects more. */
const MAX_BODY_BYTES = 10_000_000;
const LINE_FEED = 0x0a;

/**
 * Creates a fetch for requests that carry a key. It follows no redirect, because the key would go to the new address, and
 * it reads at most `maxBodyBytes`. Each line that arrives is a sign of life for whoever watches the signal of the
 * request: a ping, a comment or a part of the answer, but not single bytes.
 */
export function createGuardedFetch(
  fetch: typeof globalThis.fetch = globalThis.fetch,
  maxBodyBytes: number = MAX_BODY_BYTES,
): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "manual" });
    if (isRedirect(response)) {
      await response.body?.cancel();
      throw new RefusedResponse(
        "misconfigured",
        `The address answered with a redirect (${response.status}), which is not followed because the request carries a key. Configure the address that it leads to.`,
      );
    }
    // A `fetch` of the host can ignore what it is asked. Its answer is not trusted, and the log says that the key has left.
    if (response.redirected) {
      await response.body?.cancel();
      throw new RefusedResponse(
        "misconfigured",
        'The "fetch" option followed a redirect with a request that carries a key, although it was called with { redirect: "manual" }. Pass that on, and replace the key if you do not trust the other address.',
      );
    }
    if (response.body === null || saysItIsSmall(response, maxBodyBytes)) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(bounded(maxBodyBytes, lifeListener(init?.signal))), {
      status,
      statusText,
      headers,
    });
  };
}

/** Some implementations of `fetch` hide the status of a redirect that they did not follow. */
function isRedirect({ status, type }: Response): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400);
}

/** A body cannot be longer than its length says, unless it is compressed. (Our own stream around it costs some 0.1 ms.) */
function saysItIsSmall({ headers }: Response, maxBodyBytes: number): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= maxBodyBytes && !headers.has("content-encoding");
}

function bounded(
  maxBodyBytes: number,
  alive: (() => void) | undefined,
): TransformStream<Uint8Array, Uint8Array> {
  let read = 0;
  return new TransformStream({
    transform(chunk, controller) {
      read += chunk.byteLength;
      if (read > maxBodyBytes) {
        throw new RefusedResponse(
          "bad_response",
          `The answer is larger than ${maxBodyBytes} bytes and was not read to its end.`,
        );
      }
      if (alive !== undefined && chunk.includes(LINE_FEED)) alive();
      controller.enqueue(chunk);
    },
  });
}
