import { normalizeTime } from "@atlas/core/internal";
import { htmlToLine, oneLine } from "../plain-text.ts";
import { parseXml, type XmlElement, XmlError } from "./xml-tree.ts";

/** One item of a feed: an article, an episode, a release. */
export interface FeedItem {
  /** The feed's own id of the item, which does not change. */
  readonly key: string;
  readonly title: string;
  readonly url?: string;
  readonly author?: string;
  readonly published_at?: string;
  readonly categories: readonly string[];
  /** The beginning of its text, without markup. */
  readonly summary?: string;
}

const MAX_TITLE = 500;
const MAX_SUMMARY = 4_000;
const MAX_NAME = 200;
const MAX_CATEGORIES = 20;
const MAX_URL = 2_000;

/** The items of an RSS 2.0, RSS 1.0 (RDF) or Atom document, without empty ones. Throws an {@link XmlError}. */
export function parseFeed(xml: string, base: string): readonly FeedItem[] {
  return allItems(xml, base).filter(({ key }) => key !== "");
}

function allItems(xml: string, base: string): readonly FeedItem[] {
  const root = parseXml(xml);
  switch (root.name) {
    case "rss":
      return itemsOf(child(root, "channel"), "item").map((item) => rssItem(item, base));
    case "rdf:RDF":
      return itemsOf(root, "item").map((item) => rssItem(item, base));
    case "atom:feed":
      return itemsOf(root, "atom:entry").map((entry) => atomItem(entry, base));
    default:
      throw new XmlError(`it is XML, but neither RSS nor Atom: its first element is <${root.name}>`, 1);
  }
}

function rssItem(item: XmlElement, base: string): FeedItem {
  const link = textOf(item, "link");
  const guid = textOf(item, "guid") || item.attributes["about"] || "";
  // A guid is an address unless it says otherwise, and many feeds forget to.
  const isAddress = child(item, "guid")?.attributes["isPermaLink"] !== "false" && URL.canParse(guid);
  return complete({
    key: guid || link,
    title: textOf(item, "title"),
    url: webAddress(link || (isAddress ? guid : ""), base),
    author: textOf(item, "dc:creator") || textOf(item, "author"),
    published_at: timeOf(textOf(item, "pubDate") || textOf(item, "dc:date")),
    categories: itemsOf(item, "category").map(({ text }) => text),
    summary: textOf(item, "description") || textOf(item, "content:encoded"),
  });
}

function atomItem(entry: XmlElement, base: string): FeedItem {
  const links = itemsOf(entry, "atom:link").map(({ attributes }) => attributes);
  const link = links.find(({ rel = "alternate" }) => rel === "alternate")?.["href"] ?? "";
  const author = child(entry, "atom:author");
  return complete({
    key: textOf(entry, "atom:id") || link,
    title: textOf(entry, "atom:title"),
    url: webAddress(link, base),
    author: author === undefined ? "" : textOf(author, "atom:name"),
    published_at: timeOf(textOf(entry, "atom:published") || textOf(entry, "atom:updated")),
    categories: itemsOf(entry, "atom:category").map(({ attributes }) => attributes["term"] ?? ""),
    summary: textOf(entry, "atom:summary") || textOf(entry, "atom:content"),
  });
}

/** The item in plain text, without empty fields. An item without an id is identified by its content. */
function complete(found: {
  readonly key: string;
  readonly title: string;
  readonly url: string | undefined;
  readonly author: string;
  readonly published_at: string | undefined;
  readonly categories: readonly string[];
  readonly summary: string;
}): FeedItem {
  const author = htmlToLine(found.author, MAX_NAME);
  const summary = htmlToLine(found.summary, MAX_SUMMARY);
  const title = htmlToLine(found.title, MAX_TITLE) || summary.slice(0, 80).toWellFormed();
  return {
    key: found.key || `${title} ${found.published_at ?? ""}`.trim(),
    title,
    ...(found.url === undefined ? {} : { url: found.url }),
    ...(author === "" ? {} : { author }),
    ...(found.published_at === undefined ? {} : { published_at: found.published_at }),
    categories: found.categories
      .slice(0, MAX_CATEGORIES)
      .map((category) => oneLine(category, MAX_NAME))
      .filter((category) => category !== ""),
    ...(summary === "" ? {} : { summary }),
  };
}

function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((other) => other.name === name);
}

function itemsOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((other) => other.name === name) ?? [];
}

function textOf(element: XmlElement, name: string): string {
  return child(element, name)?.text.trim() ?? "";
}

/** A link that is safe to follow: never `javascript:` or `file:`. */
function webAddress(link: string, base: string): string | undefined {
  if (link === "" || !URL.canParse(link, base)) return undefined;
  const { protocol, href } = new URL(link, base);
  return (protocol === "https:" || protocol === "http:") && href.length <= MAX_URL ? href : undefined;
}

/** RSS writes times as RFC 822 does, Atom and Dublin Core as ISO 8601 does. */
function timeOf(text: string): string | undefined {
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : normalizeTime(new Date(epochMs).toISOString());
}
