import { z } from "zod";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { defineRoute } from "../contract/route.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { createConsoleReader, type ReadConsoleFiles } from "./console-files.ts";
import { panelsOf } from "./panels.ts";

// The page loads its own files and speaks with its own server, and nothing else: what a job or a model wrote cannot make it run a script,
// send anything elsewhere, or be shown inside another page. Trusted types refuse the parsing of text as HTML altogether.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

// No route of its own: beside one with a parameter, it would make the router of all routes a slower one.
const PANELS = "panels.json";
const segment = z.string().max(64);
const file = { status: 200, description: "The file.", type: "*/*" } as const;

const page = defineRoute({
  id: "console.page",
  method: "GET",
  path: "/console",
  scope: "public",
  summary: "Gives the console's page.",
  answer: file,
});

const asset = defineRoute({
  id: "console.asset",
  method: "GET",
  path: "/console/{file}",
  scope: "public",
  summary: "Gives a file of the console, or the list of extensions' panels.",
  params: z.strictObject({ file: segment }),
  answer: file,
  problems: [404],
});

const nestedAsset = defineRoute({
  id: "console.nestedAsset",
  method: "GET",
  path: "/console/{folder}/{file}",
  scope: "public",
  summary: "Gives a file of a folder of the console.",
  params: z.strictObject({ folder: segment, file: segment }),
  answer: file,
  problems: [404],
});

/**
 * The console: one page with its files, and the list of extensions' panels. They are public, and hold nothing about the gateway but the
 * titles of panels; everything else the page reads from the API with the token of who looks at it. They are no part of the OpenAPI document.
 */
export function createConsoleRoutes(read: ReadConsoleFiles): readonly HttpRoute[] {
  return [
    handleRoute(page, ({ request }) => send(read, { name: "index.html", request })),
    handleRoute(asset, ({ gateway, params: { file: name }, request }) =>
      name === PANELS ? Response.json({ items: panelsOf(gateway.routes) }) : send(read, { name, request }),
    ),
    handleRoute(nestedAsset, ({ params: { folder, file: name }, request }) =>
      send(read, { name: `${folder}/${name}`, request }),
    ),
  ];
}

/** The console of this package. Its files are read with the first request for one, and then kept. */
export const consoleRoutes = createConsoleRoutes(createConsoleReader());

async function send(
  read: ReadConsoleFiles,
  { name, request }: { readonly name: string; readonly request: Request },
): Promise<Response> {
  const files = await read();
  if (files === undefined)
    throw new ProblemError(
      "ATLAS_HTTP_NOT_FOUND",
      'The files of the console are not beside the code of @atlas/gateway. A bundler leaves them out: add the packages of Atlas to its externals ("serverExternalPackages" in Next.js).',
    );
  const found = files.get(name);
  if (found === undefined)
    throw new ProblemError("ATLAS_HTTP_NOT_FOUND", `The console has no file "${name}". Open /console.`);
  const { type, etag, body } = found;
  const headers = {
    // Asked for again each time, and sent only after an update: pages and files of two versions must not mix.
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "content-type": type,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    etag,
  };
  return isKnown(request, etag)
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers });
}

/** Proxies may have made the tag a weak one. */
function isKnown(request: Request, etag: string): boolean {
  const known = request.headers.get("if-none-match") ?? "";
  return known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
