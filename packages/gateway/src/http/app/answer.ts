import type { RouteContract } from "../contract/route.ts";
import type { Problem } from "../problem/problem.ts";
import { problemDocument } from "../problem/problem-document.ts";

// An answer is data: whatever a browser is made to think of it, it runs nothing, is framed nowhere and stays in no cache.
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What a handler returned, as a response. */
export function toResponse(answer: unknown, contract: RouteContract, requestId: string): Response {
  if (answer instanceof Response) return withHeaders(answer, requestId);
  const { status, type = "application/json", location } = contract.answer;
  if (status === 204) return new Response(null, { status, headers: headersOf(requestId) });
  const headers = headersOf(requestId);
  headers["content-type"] = type;
  if (location !== undefined) headers["location"] = filled(location, answer);
  return new Response(JSON.stringify(answer), { status, headers });
}

/** A problem as a response. */
export function problemResponse(
  problem: Problem,
  { requestId, shape }: { readonly requestId: string; readonly shape: RouteContract["errors"] },
): Response {
  const { type, text } = problemDocument(problem, { requestId, shape });
  const headers = { ...headersOf(requestId), ...problem.headers, "content-type": type };
  return new Response(text, { status: problem.status, headers });
}

function headersOf(requestId: string): Record<string, string> {
  return { ...SECURITY_HEADERS, "x-request-id": requestId };
}

/** Adds what is missing to a handler's own response; a page such as the console's has a policy of its own. */
function withHeaders(response: Response, requestId: string): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(headersOf(requestId)))
    if (!headers.has(name)) headers.set(name, value);
  return new Response(response.body, { status: response.status, headers });
}

function filled(template: string, answer: unknown): string {
  const fields = answer as Readonly<Record<string, unknown>>;
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(fields[name])));
}
