import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRssSource, type RssSourceOptions } from "../../src/builtin/rss/index.ts";
import { parseFeed } from "../../src/builtin/rss/parse-feed.ts";
import { XmlError } from "../../src/builtin/rss/xml-tree.ts";
import { type Asked, serve } from "./support/local-server.ts";
import { openContext } from "./support/open-context.ts";

const rss = (...items: readonly string[]): string =>
  `<?xml version="1.0"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>News</title><link>https://example.invalid/</link>${items.join("\n")}</channel></rss>`;
const item = (name: string, title = `Title ${name}`): string =>
  `<item><guid isPermaLink="false">${name}</guid><title>${title}</title><link>/post/${name}</link></item>`;

async function reading(
  answer: string | ((asked: Asked, response: ServerResponse) => void),
  options: Partial<RssSourceOptions> & { readonly signal?: AbortSignal } = {},
) {
  const { signal, ...own } = options;
  const clock = createFakeClock();
  const opened = await openContext({ clock, ...(signal === undefined ? {} : { signal }) });
  const server = await serve(typeof answer === "string" ? (_, response) => response.end(answer) : answer);
  const source = createRssSource({
    url: `${server.origin}/feed.xml?key=s3cret`,
    afterwards: () => [{ type: "job.create", job: { workflow_id: "digest.v1" } }],
    ...own,
  });
  const items = async () => (await opened.repo.listEntities({ type: "feed.item" })).items;
  const jobs = async () => (await opened.repo.listJobs()).items.length;
  const read = () => opened.sync(source);
  const failure = async () =>
    read().then(
      () => expect.unreachable("the sync succeeded"),
      (error) => error,
    );
  return { ...opened, advance: clock.advance, ...server, source, items, jobs, read, failure };
}

describe("the feed source", () => {
  it("reads RSS 2.0", async () => {
    const { read, items, origin } = await reading(
      rss(
        `<item><guid>https://example.invalid/1</guid><title>Fish &amp; chips &lt;b&gt;now&lt;/b&gt;</title><media:title>Not this</media:title>
         <pubDate>Sat, 21 Nov 2026 09:30:00 +0100</pubDate><dc:creator>Ann</dc:creator><category>Food</category><category> </category>
         <description><![CDATA[<p>Good&nbsp;fish, <a href="x">here</a> &#8212; today.</p>]]></description></item>`,
        item("2"),
      ),
    );
    await read();
    expect(await items()).toEqual([
      {
        id: "rss:2",
        type: "feed.item",
        source: "rss",
        external_id: "2",
        title: "Title 2",
        url: `${origin}/post/2`,
        data: { categories: [] },
        updated_at: expect.any(String),
      },
      {
        id: "rss:https://example.invalid/1",
        type: "feed.item",
        source: "rss",
        external_id: "https://example.invalid/1",
        title: "Fish & chips now",
        url: "https://example.invalid/1",
        data: {
          author: "Ann",
          categories: ["Food"],
          published_at: "2026-11-21T08:30:00.000Z",
          summary: "Good fish, here — today.",
        },
        updated_at: expect.any(String),
      },
    ]);
  });

  it("reads RSS 1.0", async () => {
    const { read, items } = await reading(
      `<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/">
       <channel r:about="x"><title>News</title></channel>
       <item r:about="https://example.invalid/a"><title>A</title><link>https://example.invalid/a</link><d:date>2026-11-21T08:30:00Z</d:date></item></r:RDF>`,
    );
    await read();
    expect(await items()).toMatchObject([
      {
        external_id: "https://example.invalid/a",
        title: "A",
        data: { published_at: "2026-11-21T08:30:00.000Z" },
      },
    ]);
  });

  it("reads Atom, whatever its prefix, and never a link that is no web address", async () => {
    const { read, items } = await reading(
      `<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>News</a:title>
       <a:entry><a:id>urn:1</a:id><a:title type="html">One &amp;amp; two</a:title><a:link rel="self" href="x"/><a:link href="https://example.invalid/1"/>
       <a:author><a:name>Ann</a:name></a:author><a:updated>2026-11-21T08:30:00Z</a:updated><a:category term="Food"/>
       <a:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Good <b>fish</b>.</div></a:content></a:entry>
       <a:entry><a:id>urn:2</a:id><a:title>Two</a:title><a:link href="javascript:alert(1)"/></a:entry></a:feed>`,
    );
    await read();
    const [one, two] = await items();
    expect(one).toMatchObject({
      id: "rss:urn:1",
      title: "One & two",
      url: "https://example.invalid/1",
      data: { author: "Ann", categories: ["Food"], summary: "Good fish." },
    });
    expect(two).not.toHaveProperty("url");
  });

  it("asks whether there is news, and writes nothing when there is none", async () => {
    const { read, requests, jobs } = await reading((asked, response) => {
      if (asked.headers["if-none-match"] === '"v1"') return void response.writeHead(304).end();
      response
        .writeHead(200, { etag: '"v1"', "last-modified": "Sat, 21 Nov 2026 08:30:00 GMT" })
        .end(rss(item("1")));
    });
    await read();
    expect(await read()).toEqual([]);
    expect(await jobs()).toBe(1);
    expect(requests.map(({ headers }) => [headers["if-none-match"], headers["if-modified-since"]])).toEqual([
      [undefined, undefined],
      ['"v1"', "Sat, 21 Nov 2026 08:30:00 GMT"],
    ]);
  });

  it("tells news from a feed that is only written anew", async () => {
    let feed = rss(item("1"), item("2"));
    const { read, jobs, items } = await reading((_, response) => response.end(feed));
    await read();
    feed = feed.replace("<title>News", "<lastBuildDate>now</lastBuildDate><title>News");
    expect(await read()).toEqual([]);
    expect(await jobs()).toBe(1);
    feed = rss(item("3"), item("2", "Edited"));
    expect(await read()).toEqual([
      "entity.upserted rss:2",
      "entity.upserted rss:3",
      expect.stringMatching(/^job.created/),
    ]);
    expect((await items()).map(({ title }) => title)).toEqual(["Title 1", "Edited", "Title 3"]);
  });

  it.each([
    ["seconds", "120", 120_000],
    ["a date", "Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["a date long gone", "Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["far too many seconds", "1000000000", 86_400_000],
    ["nonsense", "soon", undefined],
    ["a negative number", "-5", undefined],
  ])("waits as a failing server asks it to: %s", async (_, value, retryAfterMs) => {
    const { failure } = await reading((__, response) =>
      response.writeHead(503, { "retry-after": value }).end(),
    );
    const error = await failure();
    expect(error).toMatchObject({
      code: "ATLAS_PLUGINS_HTTP_FAILED",
      retryable: true,
      details: { status: 503 },
    });
    expect(error.retryAfterMs).toBe(retryAfterMs);
  });

  it("says that the server has no such feed, and never tells the address's secret parts", async () => {
    const { failure, origin } = await reading((_, response) => response.writeHead(404).end());
    const error = await failure();
    expect(error).toMatchObject({ code: "ATLAS_PLUGINS_HTTP_REFUSED", retryable: false });
    expect(error.message).toBe(
      `${origin} answered 404 and refused the request. Check the address, and what the server expects.`,
    );
    expect(JSON.stringify(error)).not.toContain("s3cret");
  });

  it("says that nobody answers", async () => {
    const { failure } = await reading("", { url: "http://127.0.0.1:1/feed" });
    expect((await failure()).message).toMatch(/^The connection to http:\/\/127.0.0.1:1 failed \(\w.*\)\.$/);
  });

  it.each([
    ["one that breaks off", rss(item("1")).slice(0, -20)],
    ["one with a tag that is not closed", rss("<item><title>A</item>")],
    ["an HTML page", "<!doctype html><html><body>Log in<br></body></html>"],
    ["XML that is no feed", "<config/>"],
    ["nothing", ""],
    ["binary", "\u0000\u0001\u0002"],
    ["one nested without end", `${rss("")}`.replace("</channel>", "<b>".repeat(50_000))],
    ["one with a million elements", rss("<a/>".repeat(300_000))],
  ])("takes nothing of a broken feed: %s", async (_, xml) => {
    const { failure, items } = await reading(xml);
    expect(await failure()).toMatchObject({
      code: "ATLAS_PLUGINS_FEED_INVALID",
      message: expect.stringMatching(/cannot be read: .+ \(line \d+\)\. None of its items were stored\.$/),
    });
    expect(await items()).toEqual([]);
  });

  it("expands no entity that a feed defines, and fetches none", async () => {
    const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
      "",
    );
    const doctype = `<!DOCTYPE rss [<!ENTITY l0 "ha">${laughs}<!ENTITY file SYSTEM "file:///etc/passwd">]>`;
    const feed = rss(item("1", "&l9; &file; &valueOf;")).replace("?>\n", `?>${doctype}`);
    const { read, items } = await reading(feed);
    await read();
    expect(await items()).toMatchObject([{ title: "&l9; &file; &valueOf;" }]);
  });

  it("stops reading a feed that is too large, also when it came packed", async () => {
    const bomb = gzipSync(rss(item("1", "x".repeat(5_000_000))));
    const { failure } = await reading(
      (_, response) => response.setHeader("content-encoding", "gzip").end(bomb),
      {
        maxBytes: 1_000_000,
      },
    );
    expect(bomb.length).toBeLessThan(10_000);
    expect(await failure()).toMatchObject({
      code: "ATLAS_PLUGINS_FEED_INVALID",
      message: expect.stringContaining("is larger than 1000000 bytes"),
    });
  });

  it("stops reading a feed that never ends", async () => {
    const { failure } = await reading(
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        more();
      },
      { maxBytes: 500_000 },
    );
    expect(await failure()).toMatchObject({ code: "ATLAS_PLUGINS_FEED_INVALID" });
  });

  it("gives up a server that is silent for too long", async () => {
    const asked = Promise.withResolvers<void>();
    const { failure, advance } = await reading(
      (_, response) => {
        response.write("<rss>");
        asked.resolve();
      },
      { timeoutMs: 5_000 },
    );
    const failed = failure();
    await asked.promise;
    advance(5_000);
    expect(await failed).toMatchObject({
      code: "ATLAS_PLUGINS_HTTP_FAILED",
      message: expect.stringContaining("did not answer within 5000 ms"),
    });
  });

  it("ends when it is told to", async () => {
    const stop = new AbortController();
    const { failure } = await reading(
      (_, response) => {
        response.write("<rss>");
        stop.abort(new Error("The gateway is stopping."));
      },
      { signal: stop.signal },
    );
    expect((await failure()).message).toBe("The gateway is stopping.");
  });

  it("follows a redirect, and takes links to be relative to where it ends", async () => {
    const { read, items, origin } = await reading(({ path }, response) => {
      if (path.startsWith("/feed.xml")) return void response.writeHead(301, { location: "/blog/feed" }).end();
      response.end(rss(item("1").replace("/post/1", "post/1")));
    });
    await read();
    expect(await items()).toMatchObject([{ url: `${origin}/blog/post/1` }]);
  });

  it("keeps its headers from another server", async () => {
    const other = await serve((_, response) => response.end(rss(item("1"))));
    const { read, requests } = await reading(
      (_, response) => response.writeHead(302, { location: `${other.origin}/` }).end(),
      { headers: { authorization: "Bearer s3cret" } },
    );
    await read();
    expect(requests[0]?.headers.authorization).toBe("Bearer s3cret");
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    ["for ever", "/feed.xml", "redirects more than 5 times"],
    ["to a file", "file:///etc/passwd", "redirects to an address that is not followed"],
    [
      "to an address with a password",
      "http://a:b@127.0.0.1/",
      "redirects to an address that is not followed",
    ],
    ["to nonsense", "http://[", "redirects to an address that is not followed"],
  ])("does not follow redirects %s", async (_, location, sentence) => {
    const { failure, requests } = await reading((__, response) =>
      response.writeHead(302, { location }).end(),
    );
    expect(await failure()).toMatchObject({
      code: "ATLAS_PLUGINS_HTTP_REFUSED",
      message: expect.stringContaining(sentence),
    });
    expect(requests.length).toBeLessThanOrEqual(6);
  });

  it.each([
    ["the header", { "content-type": "text/xml; charset=iso-8859-1" }, ""],
    ["the XML declaration", {}, ' encoding="iso-8859-1"'],
  ])("reads the encoding that %s names", async (_, headers, declared) => {
    const feed = Buffer.from(rss(item("1", "Müll")).replace('"1.0"', `"1.0"${declared}`), "latin1");
    const { read, items } = await reading((__, response) => response.writeHead(200, headers).end(feed));
    await read();
    expect(await items()).toMatchObject([{ title: "Müll" }]);
  });

  it("reads a damaged feed or says that it is damaged, however it was damaged", { timeout: 60_000 }, () => {
    const feed = rss(item("1"), item("2", "A &amp; B &#8212; <![CDATA[<b>]]>"));
    const damage = fc.tuple(fc.nat(feed.length), fc.nat(40), fc.string({ unit: "binary", maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        let text = feed;
        for (const [at, length, put] of damages) text = text.slice(0, at) + put + text.slice(at + length);
        try {
          const items = parseFeed(text, "https://example.invalid/");
          expect(items.every(({ key, title }) => key !== "" && title.isWellFormed())).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("gives items without a name of their own one by their content, and passes over empty ones", async () => {
    const { read, items } = await reading(
      rss(
        "<item/>",
        "<item><title>A</title></item>",
        `<item><guid>${"g".repeat(400)}</guid><title>B</title></item>`,
      ),
    );
    await read();
    expect(await items()).toMatchObject([
      { external_id: "A" },
      { external_id: expect.stringMatching(/^sha256:/) },
    ]);
  });

  it("can be checked without being read", async () => {
    const { check, source, items } = await reading(rss(item("1")));
    await check(source);
    expect(await items()).toEqual([]);
    const broken = await reading("<rss>");
    await expect(broken.check(broken.source)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_FEED_INVALID" });
  });

  it.each([
    [{ url: "file:///etc/passwd" }, "must be an http or https address"],
    [{ url: "https://ann:s3cret@example.invalid/" }, "without a user name and password"],
    [{ url: "not an address" }, "must be an http or https address"],
    [{ url: "https://example.invalid/", headers: { "a b": "c" } }, "that HTTP does not allow"],
    [{ url: "https://example.invalid/", headers: { authorization: "s3cret\u0000" } }, "HTTP"],
    [{ url: "https://example.invalid/", timeoutMs: 0.5 }, "must be a whole number"],
  ])("checks its options at the door: %j", (options, sentence) => {
    try {
      createRssSource(options);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(sentence);
      expect(String(error)).not.toContain("s3cret");
    }
  });
});
