import type { Logger } from "@atlas/core";
import { problemReply, type Reply } from "../app/reply.ts";
import type { RouteContract } from "../contract/route.ts";
import { problemOf } from "./problem-of.ts";

/** Answers a thrown value with a problem. What the answer does not say is in the log, under the same request id. */
export type Report = (
  error: unknown,
  about: { readonly requestId: string; readonly shape: RouteContract["errors"]; readonly route?: string },
) => Reply;

/** Makes problems, and logs what is the server's own fault. */
export function createReport(log: Logger): Report {
  return (error, { requestId, shape, route }) => {
    const problem = problemOf(error);
    if (problem.status >= 500)
      log.error(
        { error, request_id: requestId, ...(route === undefined ? {} : { route }) },
        "A request failed.",
      );
    return problemReply(problem, { requestId, shape });
  };
}
