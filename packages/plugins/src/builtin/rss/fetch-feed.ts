import type { Clock } from "@atlas/core";
import { PluginError } from "../../contract/errors.ts";
import { exchange, statusError } from "../http.ts";

/** The validators of the last answer. Sent with the next request, they let the server answer that nothing has changed. */
export interface Validators {
  readonly etag?: string | undefined;
  readonly last_modified?: string | undefined;
}

/** A fetched feed. */
export interface FetchedFeed {
  readonly xml: string;
  /** The address after all redirects, which its links are relative to. */
  readonly url: string;
  readonly validators: Validators;
}

const MAX_REDIRECTS = 5;
const ACCEPT =
  "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1";

/** Fetches a feed; resolves with nothing when it has not changed. */
export function fetchFeed(options: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly validators: Validators;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}): Promise<FetchedFeed | undefined> {
  const { headers, validators, maxBytes, clock } = options;
  const { origin } = new URL(options.url);

  return exchange({ ...options, origin }, async (signal) => {
    let url = new URL(options.url);
    for (let redirects = 0; ; redirects += 1) {
      const response = await fetch(url, { headers: headersFor(url), redirect: "manual", signal });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && response.status !== 304 && location !== null) {
        await response.body?.cancel();
        url = redirected(url, location, redirects);
        continue;
      }
      if (response.status === 304) return undefined;
      if (!response.ok) {
        await response.body?.cancel();
        throw statusError(url.origin, response, clock.now());
      }
      const bytes = await readBody(response, maxBytes, url.origin);
      return {
        xml: decode(bytes, response.headers.get("content-type") ?? ""),
        url: url.href,
        validators: {
          etag: response.headers.get("etag") ?? undefined,
          last_modified: response.headers.get("last-modified") ?? undefined,
        },
      };
    }
  });

  function headersFor({ origin: target }: URL): Headers {
    // A key for one server must not reach another.
    const sent = new Headers(target === origin ? headers : {});
    if (!sent.has("accept")) sent.set("accept", ACCEPT);
    if (!sent.has("user-agent")) sent.set("user-agent", "Atlas");
    if (validators.etag !== undefined) sent.set("if-none-match", validators.etag);
    if (validators.last_modified !== undefined) sent.set("if-modified-since", validators.last_modified);
    return sent;
  }
}

function redirected(from: URL, location: string, redirects: number): URL {
  const { origin } = from;
  const refuse = (why: string) =>
    new PluginError(
      "ATLAS_PLUGINS_HTTP_REFUSED",
      { origin },
      `${origin} ${why}. Use the feed's final address.`,
    );
  if (redirects >= MAX_REDIRECTS) throw refuse(`redirects more than ${MAX_REDIRECTS} times`);
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isSafe = to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:");
  if (to === undefined || !isSafe || to.username !== "" || to.password !== "")
    throw refuse("redirects to an address that is not followed");
  return to;
}

async function readBody(response: Response, maxBytes: number, origin: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop cancels the body. The bytes counted here are decompressed, so a small response cannot hide a large one.
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) {
      const message = `The feed of ${origin} is larger than ${maxBytes} bytes. Raise maxBytes if it is meant to be.`;
      throw new PluginError("ATLAS_PLUGINS_FEED_INVALID", { origin }, message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** RFC 7303: a byte order mark, then the header, then the XML declaration, then UTF-8. */
function decode(bytes: Uint8Array, contentType: string): string {
  const start = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const named =
    /charset="?([\w.:-]+)/i.exec(contentType)?.[1] ??
    /^\s*<\?xml[^>]*encoding=["']([\w.:-]+)/.exec(start)?.[1];
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb ? "utf-8" : named;
  try {
    return new TextDecoder(marked).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
