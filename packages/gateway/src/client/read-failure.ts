import { ClientError } from "./client-error.ts";
import type { Problem } from "./records.ts";

/** The error of an answer that is not a good one. It reads the body. */
export async function readFailure(response: Response): Promise<ClientError> {
  const { status } = response;
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), Date.now());
  const problem = problemIn(await response.text().catch(() => ""));
  if (problem === undefined)
    return new ClientError(
      "ATLAS_CLIENT_ANSWER_UNKNOWN",
      `The server answered with status ${status} and no problem document. Check the url: there may be something else.`,
      { status, requestId, retryAfterMs },
    );
  return new ClientError(problem.code, problem.detail, { status, problem, requestId, retryAfterMs });
}

/** The error of a request that got no answer. */
export function unreachable(url: string, cause: unknown): ClientError {
  const { origin } = new URL(url);
  return new ClientError(
    "ATLAS_CLIENT_UNREACHABLE",
    `${origin} did not answer. Check that the gateway is running, and the url.`,
    { status: 0, cause },
  );
}

function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function problemIn(text: string): Problem | undefined {
  try {
    const read: unknown = JSON.parse(text);
    const isProblem =
      typeof read === "object" &&
      read !== null &&
      "code" in read &&
      typeof read.code === "string" &&
      "detail" in read &&
      typeof read.detail === "string";
    // It has what makes it a problem; the rest is for people.
    return isProblem ? (read as Problem) : undefined;
  } catch {
    return undefined;
  }
}
