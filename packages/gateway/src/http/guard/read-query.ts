import { ProblemError } from "../problem/problem-error.ts";

const MOST_PARAMETERS = 100;

/** The query of an address as an object. A repeated name, and more than 100 of them, are refused. */
export function readQuery(url: string): Readonly<Record<string, string>> {
  const start = url.indexOf("?");
  if (start === -1) return {};
  const end = url.indexOf("#", start);
  const text = url.slice(start + 1, end === -1 ? undefined : end);
  if (text.split("&", MOST_PARAMETERS + 1).length > MOST_PARAMETERS)
    throw new ProblemError(
      "ATLAS_HTTP_REQUEST_MALFORMED",
      `The query has more than ${MOST_PARAMETERS} parameters. Send fewer.`,
    );
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (query.has(name))
      throw new ProblemError(
        "ATLAS_HTTP_REQUEST_INVALID",
        `query.${name.slice(0, 100)} is given twice. Send it once.`,
      );
    query.set(name, value);
  }
  // Own properties only, whatever a name is.
  return Object.fromEntries(query);
}
