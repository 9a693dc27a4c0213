import { isPluginError } from "@atlas/plugins";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { receiveWebhook } from "../contract/webhooks.ts";
import { checkContentType } from "../guard/read-body.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Signed webhooks, over HTTP. */
export const webhookRoutes: readonly HttpRoute[] = [
  handleRoute(receiveWebhook, async ({ gateway, params, request, requestId, readBody }) => {
    checkContentType(request);
    const pushed = { headers: request.headers, body: await readBody() };
    const by = {
      cause: { kind: "request", id: requestId, depth: 0 },
      context: { correlation_id: requestId },
    } as const;
    try {
      return await gateway.receive(params.source_id, pushed, by);
    } catch (error) {
      throw toldToSender(error);
    }
  }),
];

/** A sender learns nothing about the sources that there are. Whatever may pass by itself makes it send the delivery again. */
function toldToSender(error: unknown): unknown {
  if (
    isPluginError(error, "ATLAS_PLUGINS_SOURCE_UNKNOWN") ||
    isPluginError(error, "ATLAS_PLUGINS_SOURCE_NOT_RECEIVING")
  )
    return new ProblemError("ATLAS_HTTP_NOT_FOUND", "No source takes webhooks here.");
  if (isPluginError(error, "ATLAS_PLUGINS_SOURCE_PAUSED"))
    return new ProblemError(
      "ATLAS_HTTP_UNAVAILABLE",
      "The source is paused. Send the delivery again later.",
      {
        headers: { "retry-after": "60" },
      },
    );
  return error;
}
