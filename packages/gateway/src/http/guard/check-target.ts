import { ProblemError } from "../problem/problem-error.ts";

// Control characters, and percent signs that encode nothing.
const MALFORMED = /%(?:[01][0-9a-f]|7f|(?![0-9a-f]{2}))/i;

/** Refuses a path that a part of the server could read differently from another. */
export function checkPath(path: string): void {
  if (MALFORMED.test(path))
    throw malformed("The path holds a control character or a broken percent-encoding.");
}

/**
 * Refuses the target of a request line before anything has cleaned it up: the address of another server, a backslash, or a segment that
 * stands for a folder, also when it is encoded. A client that means well sends none of them.
 */
export function checkRawTarget(target: string): void {
  if (!target.startsWith("/") || target.startsWith("//"))
    throw malformed("The target of the request line must be a path that begins with one slash.");
  const [path = ""] = target.split("?", 1);
  const segments = path.replaceAll(/%2e/gi, ".").split("/");
  if (path.includes("\\") || segments.some((segment) => segment === "." || segment === ".."))
    throw malformed('The path must not hold "\\", "/./" or "/../".');
}

// A proxy in front may have looked at another copy than the server does.
const SINGLE = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "origin",
  "sec-fetch-site",
  "transfer-encoding",
  "x-request-id",
]);

/** Refuses headers that decide something and come twice. `headers` are names and values in turn. */
export function checkRawHeaders(headers: readonly string[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]?.toLowerCase() ?? "";
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw malformed(`The header "${name}" is given twice. Send it once.`);
    seen.add(name);
  }
}

function malformed(detail: string): ProblemError {
  return new ProblemError("ATLAS_HTTP_REQUEST_MALFORMED", detail);
}
