import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { ProblemError } from "../problem/problem-error.ts";
import type { PreparedRoute } from "./route-table.ts";

/** A route, and the segments of the path that its parameters stand for. */
export interface Found {
  readonly route: PreparedRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a path. Hono's router does it: all paths in one regular expression. */
export function createRouter(
  routes: readonly PreparedRoute[],
): (method: string, path: string) => Found | undefined {
  const router = new SmartRouter<PreparedRoute>({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const route of routes) router.add(route.contract.method, route.pattern, route);

  return (method, path) => {
    const [[first] = [], stash] = router.match(method === "HEAD" ? "GET" : method, path);
    if (first === undefined) return undefined;
    const [route, names] = first;
    const params: Record<string, string> = {};
    // Where there is a stash, the router gives places in it instead of texts.
    for (const [name, value] of Object.entries(names))
      params[name] = decoded(stash === undefined ? String(value) : (stash[Number(value)] ?? ""));
    return { route, params };
  };
}

function decoded(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ProblemError("ATLAS_HTTP_REQUEST_MALFORMED", "The path holds an encoding that is not UTF-8.");
  }
}
