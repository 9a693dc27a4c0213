import { RefusedResponse } from "../ai-sdk/refused-response.ts";

/** The largest body that is read, in bytes (10 MB). */
const MAX_BODY_BYTES = 10_000_000;

/**
 * Creates a fetch for requests that carry a key. It follows no redirect, because the key would go to the new address, and
 * it reads at most {@link MAX_BODY_BYTES}.
 */
export function createGuardedFetch(
  fetch: typeof globalThis.fetch = globalThis.fetch,
): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "manual" });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new RefusedResponse(
        "misconfigured",
        `The address answered with a redirect (${response.status}), which is not followed because the request carries a key. Configure the address that it leads to.`,
      );
    }
    if (response.body === null || saysItIsSmall(response)) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(bounded()), { status, statusText, headers });
  };
}

/** A body cannot be longer than its length says, unless it is compressed. (Our own stream around it costs some 0.1 ms.) */
function saysItIsSmall({ headers }: Response): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= MAX_BODY_BYTES && !headers.has("content-encoding");
}

function bounded(): TransformStream<Uint8Array, Uint8Array> {
  let read = 0;
  return new TransformStream({
    transform(chunk, controller) {
      read += chunk.byteLength;
      if (read > MAX_BODY_BYTES) {
        throw new RefusedResponse(
          "bad_response",
          `The answer is larger than ${MAX_BODY_BYTES} bytes and was not read to its end.`,
        );
      }
      controller.enqueue(chunk);
    },
  });
}
