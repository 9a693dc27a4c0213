import { z } from "zod";
import type { GatewayRoute } from "../../extensions/route.ts";
import { defineRoute } from "../contract/route.ts";
import { type HttpRoute, handleRoute } from "./handler.ts";

/**
 * The routes of extensions as routes of the server: they need a token with the scope `<extension>:read` or `<extension>:write`, and their
 * body is bounded, but it may be of any type. An extension named like the beginning of a path of Atlas's own is refused.
 */
export function extensionRoutes(
  routes: readonly GatewayRoute[],
  own: readonly HttpRoute[],
): readonly HttpRoute[] {
  const taken = new Set(own.map(({ contract }) => contract.path.split("/")[1]));
  return routes.map(({ extension, method, path, handle }) => {
    if (taken.has(extension))
      throw new TypeError(
        `createHttp: the extension "${extension}" has routes under "/${extension}", where Atlas has its own. Rename the extension.`,
      );
    const contract = defineRoute({
      id: `${extension}.${method.toLowerCase()}${path.replaceAll(/[/:.~-]+(\w)/g, (_, first: string) => first.toUpperCase())}`,
      method,
      path: path.replaceAll(/:(\w+)/g, "{$1}"),
      scope: { group: extension, access: method === "GET" ? "read" : "write" },
      summary: `A route of the extension "${extension}".`,
      params: z.record(z.string(), z.string()),
      // It reads its address itself.
      query: z.looseObject({}),
      answer: { status: 200, description: "What the extension answers." },
    });
    return handleRoute(contract, async ({ request, params, readBody }) =>
      handle(method === "GET" ? request : await bounded(request, readBody), params),
    );
  });
}

/** The same request with a body that was read within the limit. */
async function bounded(request: Request, readBody: () => Promise<Uint8Array>): Promise<Request> {
  const body = await readBody();
  const { url, method, headers, signal } = request;
  return new Request(url, {
    method,
    headers: new Headers([...headers]),
    signal,
    ...(body.length === 0 ? {} : { body: Buffer.from(body) }),
  });
}
