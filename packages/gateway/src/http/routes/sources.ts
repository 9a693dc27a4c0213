import { isCoreError } from "@atlas/core";
import { isPluginError } from "@atlas/plugins";
import { dataNames } from "../app/data-names.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { checkSources, listSources, pauseSource, resumeSource, syncSources } from "../contract/sources.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Sources, over HTTP. */
export const sourceRoutes: readonly HttpRoute[] = [
  handleRoute(listSources, ({ gateway }) => ({ items: dataNames(gateway.health().sources) })),
  handleRoute(syncSources, async ({ gateway, body, log }) => {
    const { source_id, full } = body;
    try {
      return await gateway.sync(source_id, full === undefined ? {} : { full });
    } catch (error) {
      if (isCoreError(error) || isPluginError(error)) throw error;
      log.warn({ error, source: source_id }, "A sync failed.");
      throw new ProblemError(
        "ATLAS_HTTP_SOURCE_FAILED",
        "A source failed with an error of its own. GET /sources has its message.",
      );
    }
  }),
  handleRoute(checkSources, ({ gateway }) => gateway.check()),
  handleRoute(pauseSource, async ({ gateway, params }) => {
    await gateway.pause({ source: params.id });
    return undefined;
  }),
  handleRoute(resumeSource, async ({ gateway, params }) => {
    await gateway.resume({ source: params.id });
    return undefined;
  }),
];
