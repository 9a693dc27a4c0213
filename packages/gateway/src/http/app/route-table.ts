import { z } from "zod";
import type { RouteContract } from "../contract/route.ts";
import { type CheckPart, createPartCheck } from "../guard/check-part.ts";
import type { HttpRoute } from "./handler.ts";

/** A route with everything that can be made before the first request. */
export interface PreparedRoute {
  readonly contract: RouteContract;
  readonly handle: HttpRoute["handle"];
  /** As Hono writes paths: `/jobs/:id`. */
  readonly pattern: string;
  /** Matches the paths of `pattern`. */
  readonly matches: RegExp;
  readonly checkParams: CheckPart | undefined;
  readonly checkQuery: CheckPart;
  readonly checkBody: CheckPart | undefined;
}

const NO_QUERY = z.strictObject({});

/** Prepares routes. Two routes of the same method and path, or of the same id, are an error of the program. */
export function prepareRoutes(routes: readonly HttpRoute[]): readonly PreparedRoute[] {
  const seen = new Set<string>();
  return routes.map(({ contract, handle }) => {
    const { id, method, path, params, query, body } = contract;
    for (const name of [id, `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`]) {
      if (seen.has(name)) throw new TypeError(`Two routes are named "${name}". Rename or remove one.`);
      seen.add(name);
    }
    return {
      contract,
      handle,
      pattern: path.replaceAll(/\{(\w+)\}/g, ":$1"),
      matches: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
      checkParams: params === undefined ? undefined : createPartCheck("path", params),
      checkQuery: createPartCheck("query", query ?? NO_QUERY),
      checkBody: body === undefined ? undefined : createPartCheck("body", body),
    };
  });
}
