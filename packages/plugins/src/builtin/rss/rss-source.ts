import { type Command, canonicalJson } from "@atlas/core";
import { z } from "zod";
import { PluginError } from "../../contract/errors.ts";
import { defineSource, type SourcePlugin } from "../../contract/source.ts";
import { externalId, sha256 } from "../external-id.ts";
import { countOption, functionOption, idOption, readOptions } from "../options.ts";
import { addressOption, headersOption } from "../web-options.ts";
import { fetchFeed } from "./fetch-feed.ts";
import { type FeedItem, parseFeed } from "./parse-feed.ts";
import { XmlError } from "./xml-tree.ts";

/** Options of {@link createRssSource}. */
export interface RssSourceOptions {
  /** The address of an RSS 2.0, RSS 1.0 or Atom feed. */
  readonly url: string;
  /** Default: `rss`. Give each feed its own id. */
  readonly id?: string;
  /** Headers of each request to the server of `url`. A redirect to another server does not get them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time limit of one fetch, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  /** The largest feed to read, in bytes after decompression. Default: 10,485,760 (10 MiB). The whole feed is held in memory. */
  readonly maxBytes?: number;
  /** Returns commands to commit together with the end of a sync that found news, such as a `job.create`. At most 990. */
  readonly afterwards?: () => readonly Command[];
}

const optionsSchema = z.strictObject({
  url: addressOption,
  id: idOption.default("rss"),
  headers: headersOption.default({}),
  timeoutMs: countOption({ min: 1, max: 600_000 }).default(30_000),
  maxBytes: countOption({ min: 1, max: 100 * 1024 * 1024 }).default(10 * 1024 * 1024),
  afterwards: functionOption<() => readonly Command[]>().optional(),
});

const cursorSchema = z.object({
  url: z.string(),
  etag: z.string().optional(),
  last_modified: z.string().optional(),
  /** The SHA-256 of the items. */
  items: z.string(),
});

const ITEMS_PER_UNIT = 100;

/**
 * A source of the items of a feed: an entity `feed.item` for each. An item that the publisher edits is updated; one that drops out of
 * the feed stays. A feed that has not changed costs one request and writes nothing.
 *
 * @example
 * ```ts
 * const source = createRssSource({ id: "news", url: "https://example.invalid/feed.xml" });
 * assert.equal(source.id, "news");
 * assert.throws(() => createRssSource({ url: "file:///etc/passwd" }), TypeError);
 * ```
 */
export function createRssSource(options: RssSourceOptions): SourcePlugin {
  const { id, afterwards, ...request } = readOptions("createRssSource", optionsSchema, options);
  const { origin } = new URL(request.url);

  return defineSource({
    id,
    async check({ signal, clock }) {
      const feed = await fetchFeed({ ...request, signal, clock, validators: {} });
      if (feed !== undefined) readItems(feed.xml, feed.url);
    },
    async sync(ctx) {
      const { signal, clock } = ctx;
      const known = cursorSchema.safeParse(ctx.cursor).data;
      const last = known?.url === request.url ? known : undefined;
      const feed = await fetchFeed({ ...request, signal, clock, validators: last ?? {} });
      if (feed === undefined) return;

      const items = readItems(feed.xml, feed.url);
      const read = sha256(canonicalJson([...items]));
      const hasNews = read !== last?.items;
      // A feed lists the newest first; items are stored oldest first.
      const commands = hasNews ? items.toReversed().map(toCommand) : [];
      for (let start = 0; start < commands.length; start += ITEMS_PER_UNIT) {
        signal.throwIfAborted();
        await ctx.commands.enqueueAll(commands.slice(start, start + ITEMS_PER_UNIT));
      }
      const { etag, last_modified } = feed.validators;
      await ctx.checkpoint(
        {
          url: request.url,
          ...(etag === undefined ? {} : { etag }),
          ...(last_modified === undefined ? {} : { last_modified }),
          items: read,
        },
        hasNews ? (afterwards?.() ?? []) : [],
      );
    },
  });

  function readItems(xml: string, url: string): readonly FeedItem[] {
    try {
      return parseFeed(xml, url);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      const { message, line } = error;
      const text = `The feed of ${origin} cannot be read: ${message} (line ${line}). None of its items were stored.`;
      throw new PluginError("ATLAS_PLUGINS_FEED_INVALID", { origin, line }, text);
    }
  }

  function toCommand({ key, title, url, ...data }: FeedItem): Command {
    const external_id = externalId(key);
    return {
      type: "entity.upsert",
      entity: {
        type: "feed.item",
        source: id,
        external_id,
        title,
        ...(url === undefined ? {} : { url }),
        data: { ...data },
      },
    };
  }
}
