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

/**
 * Finds the route of a path. Paths without parameters are looked up; of the others, Hono's router makes one regular expression. It could not
 * with both in one list, and would go through them segment by segment.
 */
export function createRouter(
  routes: readonly PreparedRoute[],
): (method: string, path: string) => Found | undefined {
  const router = new SmartRouter<PreparedRoute>({ routers: [new RegExpRouter(), new TrieRouter()] });
  const plain = new Map<string, Found>();
  for (const route of routes) {
    const { method } = route.contract;
    if (route.pattern.includes(":")) router.add(method, route.pattern, route);
    else plain.set(`${method} ${route.pattern}`, { route, params: {} });
  }

  return (given, path) => {
    const method = given === "HEAD" ? "GET" : given;
    const known = plain.get(`${method} ${path}`);
    if (known !== undefined) return known;
    const [[first] = [], stash] = router.match(method, path);
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
