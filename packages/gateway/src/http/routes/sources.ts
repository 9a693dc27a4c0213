import { dataNames } from "../app/data-names.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { checkSources, listSources, pauseSource, resumeSource, syncSources } from "../contract/sources.ts";

/** Sources, over HTTP. */
export const sourceRoutes: readonly HttpRoute[] = [
  handleRoute(listSources, ({ gateway }) => ({ items: dataNames(gateway.health().sources) })),
  handleRoute(syncSources, ({ gateway, body }) => {
    const { source_id, full } = body;
    return gateway.sync(source_id, full === undefined ? {} : { full });
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
