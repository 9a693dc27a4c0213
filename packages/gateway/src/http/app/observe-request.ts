import { traceparentText } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";

/**
 * Answers a request under the observation of the gateway's extensions. `answer` gets the `traceparent` that the request's commands carry:
 * that of its own span where it is traced, else the caller's. A malformed one is ignored, as W3C Trace Context says.
 */
export function observeRequest<Answer extends { readonly status: number }>(
  { observe }: Pick<Gateway, "observe">,
  of: {
    readonly request: Request;
    readonly requestId: string;
    readonly path: string;
    readonly route: string;
  },
  answer: (traceparent: string | undefined) => Promise<Answer>,
): Promise<Answer> {
  const { request, requestId, path, route } = of;
  const header = request.headers.get("traceparent");
  const given = header === null ? undefined : traceparentText.safeParse(header).data;
  return observe(
    {
      kind: "request",
      request_id: requestId,
      method: request.method,
      path,
      route,
      context: given === undefined ? {} : { traceparent: given },
    },
    (own) => answer(own ?? given),
    ({ status }) => ({ status: status < 500 ? "succeeded" : "failed", http_status: status }),
  );
}
