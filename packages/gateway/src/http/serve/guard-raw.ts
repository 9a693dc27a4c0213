import type { IncomingMessage, ServerResponse } from "node:http";
import { problemReply } from "../app/reply.ts";
import { newRequestId } from "../app/request-id.ts";
import type { CheckHost } from "../guard/check-host.ts";
import { checkRawHeaders, checkRawTarget } from "../guard/check-target.ts";
import { problemOf } from "../problem/problem-of.ts";
import { sendReply } from "./send-reply.ts";

/** Answers one request of Node's server. */
export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/**
 * Refuses what a `Request` cannot show any more: headers that come twice, targets that it would have cleaned up, and hosts of which none can
 * be made.
 */
export function guardRaw(next: Listener, checkHost: CheckHost): Listener {
  return (incoming, outgoing) => {
    try {
      checkRawTarget(incoming.url ?? "");
      checkRawHeaders(incoming.rawHeaders);
      checkHost(incoming.headers.host ?? null);
    } catch (error) {
      return refuse(outgoing, error);
    }
    return next(incoming, outgoing);
  };
}

/** Node reads and drops what is left of the request, and the connection ends: its other requests are not to be trusted either. */
function refuse(outgoing: ServerResponse, error: unknown): void {
  const reply = problemReply(problemOf(error), { requestId: newRequestId(), shape: "problem" });
  sendReply({ ...reply, headers: { ...reply.headers, connection: "close" } }, outgoing);
}
