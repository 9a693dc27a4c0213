import type { JsonObject } from "@atlas/core";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { openApi } from "../contract/health.ts";
import type { RouteContract } from "../contract/route.ts";
import { buildDocument } from "../openapi/document.ts";

/** Gives the document of these routes and of itself. It is made when somebody first asks for it. */
export function openApiRoute(contracts: readonly RouteContract[]): HttpRoute {
  let document: JsonObject | undefined;
  return handleRoute(openApi, () => {
    document ??= buildDocument([...contracts, openApi]);
    return { ...document, openapi: "3.1.1" };
  });
}
