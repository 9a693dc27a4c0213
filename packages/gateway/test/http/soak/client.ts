import { setTimeout as pause } from "node:timers/promises";
import type { Change } from "./changes.ts";

/** Where the server of this life is; nothing between two lives. */
export interface Address {
  url: string | undefined;
}

const AGAIN_MS = 20;

/**
 * Asks for a change until the server has answered, through kills and restarts. What a kill has cut off is asked for again with the same
 * key. Gives up at the end of the soak, and the change stays unknown.
 */
export async function ask(
  change: Change,
  {
    address,
    token,
    isOver,
  }: { readonly address: Address; readonly token: string; readonly isOver: () => boolean },
): Promise<void> {
  while (!isOver()) {
    const { url } = address;
    if (url === undefined) {
      await pause(AGAIN_MS);
      continue;
    }
    let response: Response;
    let body: Readonly<Record<string, unknown>>;
    try {
      response = await send(url, change, token);
      const text = await response.text();
      body = text === "" ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
    } catch {
      // A token whose answer was cut off cannot be shown again.
      if (change.kind === "token") return;
      await pause(AGAIN_MS);
      continue;
    }
    if (response.ok) {
      change.answer = body;
      return;
    }
    // The first request with this key may be in its last moments, or the server in its first.
    const isEarly = response.status === 503 || body["code"] === "ATLAS_HTTP_KEY_IN_USE";
    if (!isEarly) {
      change.refused = response.status;
      return;
    }
    await pause(AGAIN_MS);
  }
}

/** One request for a change. */
export function send(url: string, change: Change, token: string): Promise<Response> {
  return fetch(`${url}${change.path}`, {
    method: change.method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(change.body === undefined ? {} : { "content-type": "application/json" }),
      ...(change.key === undefined ? {} : { "idempotency-key": change.key }),
    },
    ...(change.body === undefined ? {} : { body: JSON.stringify(change.body) }),
  });
}
