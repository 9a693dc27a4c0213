import type { RouteContract } from "../contract/route.ts";
import type { Problem } from "../problem/problem.ts";
import { problemDocument } from "../problem/problem-document.ts";

/** Headers of an answer, by their names in lower case. */
export type AnswerHeaders = Record<string, string>;

/** The headers that every answer has. It is data: whatever a browser is made to think of it, it runs nothing, and no page frames it. */
export function answerHeaders(requestId: string): AnswerHeaders {
  return {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-request-id": requestId,
  };
}

/** What a handler returned, as a response. `text` is its JSON, where that is there already. */
export function toResponse(
  contract: RouteContract,
  {
    answer,
    text,
    requestId,
  }: { readonly answer: unknown; readonly text?: string | undefined; readonly requestId: string },
): Response {
  const headers = answerHeaders(requestId);
  if (answer instanceof Response) return completed(answer, headers);
  const { status, type = "application/json", location } = contract.answer;
  if (status === 204) return new Response(null, { status, headers });
  headers["content-type"] = type;
  if (location !== undefined) headers["location"] = filled(location, answer);
  return new Response(text ?? JSON.stringify(answer), { status, headers });
}

/** A problem as a response. */
export function problemResponse(
  problem: Problem,
  { requestId, shape }: { readonly requestId: string; readonly shape: RouteContract["errors"] },
): Response {
  const { type, text } = problemDocument(problem, { requestId, shape });
  const headers = { ...answerHeaders(requestId), ...problem.headers, "content-type": type };
  return new Response(text, { status: problem.status, headers });
}

/** Adds what is missing to a handler's own response; a page such as the console's has a policy of its own. */
function completed(response: Response, missing: AnswerHeaders): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(missing)) if (!headers.has(name)) headers.set(name, value);
  return new Response(response.body, { status: response.status, headers });
}

function filled(template: string, answer: unknown): string {
  const fields = answer as Readonly<Record<string, unknown>>;
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(fields[name])));
}
