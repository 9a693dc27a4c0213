import type { RouteContract } from "../contract/route.ts";
import type { Problem } from "../problem/problem.ts";
import { problemDocument } from "../problem/problem-document.ts";

/** Headers of an answer, by their names in lower case. */
export type ReplyHeaders = Record<string, string>;

/** An answer whose text is there as a whole, before a server makes it its own: most answers never become a `Response`. */
export interface Reply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly text: string | null;
}

/** The headers that every answer has. It is data: whatever a browser is made to think of it, it runs nothing, and no page frames it. */
export function replyHeaders(requestId: string): ReplyHeaders {
  return {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-request-id": requestId,
  };
}

/** What a handler returned, as it is sent. `text` is its JSON, where that is there already. */
export function replyOf(
  contract: RouteContract,
  given: { readonly answer: unknown; readonly text?: string | undefined; readonly requestId: string },
): Reply | Response {
  const { answer, text } = given;
  const headers = replyHeaders(given.requestId);
  if (answer instanceof Response) return completed(answer, headers);
  const { status, type = "application/json", location } = contract.answer;
  if (status === 204) return { status, headers, text: null };
  headers["content-type"] = type;
  if (location !== undefined) headers["location"] = filled(location, answer);
  return { status, headers, text: text ?? JSON.stringify(answer) };
}

/** A problem, as it is sent. */
export function problemReply(
  problem: Problem,
  { requestId, shape }: { readonly requestId: string; readonly shape: RouteContract["errors"] },
): Reply {
  const { type, text } = problemDocument(problem, { requestId, shape });
  const headers = { ...replyHeaders(requestId), ...problem.headers, "content-type": type };
  return { status: problem.status, headers, text };
}

/** For servers that take nothing else. The answer to a `HEAD` request has no body. */
export function toResponse(reply: Reply | Response, method: string): Response {
  const isHead = method === "HEAD";
  if (!(reply instanceof Response)) {
    const { status, headers, text } = reply;
    return new Response(isHead ? null : text, { status, headers });
  }
  if (!isHead) return reply;
  // A stream nobody reads would never end.
  reply.body?.cancel().catch(() => undefined);
  return new Response(null, reply);
}

/** Adds what is missing to a handler's own response; a page such as the console's has a policy of its own. */
function completed(response: Response, missing: ReplyHeaders): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(missing)) if (!headers.has(name)) headers.set(name, value);
  return new Response(response.body, { status: response.status, headers });
}

function filled(template: string, answer: unknown): string {
  const fields = answer as Readonly<Record<string, unknown>>;
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(fields[name])));
}
