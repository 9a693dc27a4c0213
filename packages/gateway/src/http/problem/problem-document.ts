import { STATUS_CODES } from "node:http";
import type { RouteContract } from "../contract/route.ts";
import type { Problem } from "./problem.ts";

/** A problem as text, with its media type: RFC 9457, or the shape that clients of OpenAI's interface know. */
export function problemDocument(
  problem: Problem,
  options: { readonly requestId: string; readonly shape: RouteContract["errors"] },
): { readonly type: string; readonly text: string } {
  const { status, code, detail, errors } = problem;
  if (options.shape === "openai") {
    const [first] = errors ?? [];
    const error = { message: detail, type: typeOf(status), code, param: paramOf(first?.path) };
    return { type: "application/json", text: JSON.stringify({ error }) };
  }
  const document = {
    // The code says more than an address would: "about:blank" is what the standard has for that.
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
    request_id: options.requestId,
    ...(errors === undefined ? {} : { errors }),
  };
  return { type: "application/problem+json", text: JSON.stringify(document) };
}

/** Their clients name the field alone: `temperature`, not `body.temperature`. */
function paramOf(path: string | undefined): string | null {
  return path?.replace(/^(?:body|query|path)\./, "") ?? null;
}

/** The words that OpenAI's clients branch on. */
function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
