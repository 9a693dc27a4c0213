/**
 * A route that an extension adds to the host's web server, over the `Request` and `Response` of the web platform. The host mounts
 * `gateway.routes` in the server that it has.
 */
export interface Route {
  readonly method: (typeof METHODS)[number];
  /** Begins with the extension's name: `/finops/costs/:day`. A `:name` takes the place of one segment, as in Express, Fastify and Hono. */
  readonly path: string;
  /**
   * Shows the route as a view of the console, under this title of up to 40 characters. The route must be a `GET` without `:name`s; the console
   * reads it with the token of who looks at it, and renders the Markdown (`text/markdown`) or JSON that it answers. It runs no code of it.
   */
  readonly panel?: { readonly title: string };
  /** Answers a request. `params` holds the segments that `:name`s stand for, decoded. An error is the host's to answer. */
  handle(request: Request, params: Readonly<Record<string, string>>): Response | Promise<Response>;
}

/** A route of a gateway. Before the gateway has started, and once it stops, it answers 503. */
export interface GatewayRoute extends Route {
  /** The name of the extension that it comes from. */
  readonly extension: string;
  handle(request: Request, params: Readonly<Record<string, string>>): Promise<Response>;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const LONGEST_TITLE = 40;
const SEGMENT = /^(?::[a-zA-Z_]\w*|[\w.~-]+)$/;

/** Checks the routes of an extension. A `TypeError` says which one is wrong and what to write instead. */
export function checkRoutes(extension: string, routes: unknown): asserts routes is readonly Route[] {
  if (!Array.isArray(routes)) throw new TypeError("routes must return a list of routes.");
  const seen = new Set<string>();
  for (const route of routes as readonly Partial<Route>[]) {
    const { method, path, panel, handle } = route;
    if (method === undefined || !METHODS.includes(method))
      throw new TypeError(
        `the method of a route must be one of ${METHODS.join(", ")}; got ${String(method)}.`,
      );
    const [empty, first, ...rest] = typeof path === "string" ? path.split("/") : [];
    if (empty !== "" || first !== extension || !rest.every((segment) => SEGMENT.test(segment)))
      throw new TypeError(
        `the path of a route must begin with "/${extension}", such as "/${extension}/items/:id"; got ${JSON.stringify(path)}.`,
      );
    if (typeof handle !== "function") throw new TypeError(`the route ${method} ${path} must have a handle.`);
    if (panel !== undefined) checkPanel(`${method} ${path}`, panel);
    // Two names for the same segment match the same requests.
    const key = `${method} ${path?.replaceAll(/:\w+/g, ":")}`;
    if (seen.has(key)) throw new TypeError(`two routes answer ${method} ${path}. Remove one.`);
    seen.add(key);
  }
}

function checkPanel(route: string, panel: NonNullable<Route["panel"]>): void {
  const title: unknown = panel?.title;
  if (typeof title !== "string" || title.trim() === "" || title.length > LONGEST_TITLE)
    throw new TypeError(
      `the panel of the route ${route} must have a title of 1 to ${LONGEST_TITLE} characters, such as { title: "Costs" }.`,
    );
  if (!route.startsWith("GET ") || route.includes(":"))
    throw new TypeError(
      `the route ${route} cannot be a panel of the console, which reads one address: use GET and a path without ":" names.`,
    );
}

/** The routes of an extension, closed while the gateway does not run. */
export function openRoutes(
  extension: string,
  routes: readonly Route[],
  isOpen: () => boolean,
): readonly GatewayRoute[] {
  return routes.map((route) => ({
    extension,
    method: route.method,
    path: route.path,
    ...(route.panel === undefined ? {} : { panel: route.panel }),
    handle: async (request, params) => (isOpen() ? route.handle(request, params) : notRunning()),
  }));
}

/** A problem document (RFC 9457). */
function notRunning(): Response {
  const problem = { title: "Service Unavailable", status: 503, detail: "The gateway is not running." };
  return Response.json(problem, {
    status: 503,
    headers: { "content-type": "application/problem+json", "retry-after": "1" },
  });
}
