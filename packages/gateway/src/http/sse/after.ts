import { ProblemError } from "../problem/problem-error.ts";

const SEQ = /^\d{1,16}$/;

/**
 * Where a stream of domain events begins: after the `Last-Event-ID` of a client that resumes, or after what the query says, or with what
 * is new. A number that no event has yet is refused: its client knows another database, such as the one from before a restore, and would
 * miss events without a word.
 */
export function readAfter(given: {
  readonly lastEventId: string | null;
  readonly after: number | undefined;
  readonly newest: number;
}): number {
  const { lastEventId, newest } = given;
  const isResumed = lastEventId !== null && lastEventId !== "";
  const path = isResumed ? "header.last-event-id" : "query.after";
  if (isResumed && !SEQ.test(lastEventId))
    throw refused(path, "It must be the id of an event of this stream.");
  const after = isResumed ? Number(lastEventId) : (given.after ?? newest);
  if (after > newest) throw refused(path, `No event has this number; the newest is ${newest}.`);
  return after;
}

function refused(path: string, message: string): ProblemError {
  return new ProblemError("ATLAS_HTTP_REQUEST_INVALID", `${path}: ${message}`, {
    errors: [{ path, message }],
  });
}
