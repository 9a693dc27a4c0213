import type { JsonObject, ReadOnlyRepo } from "@atlas/core";
import { oneLine } from "../plain-text.ts";

/** One thing that came in. */
export interface NewsItem {
  readonly type: string;
  readonly title: string;
  readonly url?: string;
  /** The beginning of its text. */
  readonly text?: string;
}

/** What came in within a range of domain events. */
export interface News {
  /** The newest items, oldest first; at most as many as asked for. */
  readonly items: readonly NewsItem[];
  /** How many items came in altogether. */
  readonly count: number;
  /** The number of the last domain event that was read. */
  readonly throughSeq: number;
}

const PAGE = 1_000;
const MAX_TITLE = 300;
const MAX_TEXT = 500;

/**
 * What sources brought in after the domain event `afterSeq`: entities in their present state, and events; of these types, or of all. An
 * entity that changed several times counts once, and a deleted one does not count.
 */
export async function readNews(options: {
  readonly repo: ReadOnlyRepo;
  readonly afterSeq: number;
  readonly types: readonly string[] | undefined;
  readonly maxItems: number;
  readonly signal: AbortSignal;
}): Promise<News> {
  const { repo, types, maxItems, signal } = options;
  // Keyed by the record, in the order of its last change. The commands are numbered without gaps in the order of their
  // commits, so nothing can come in behind this.
  const found = new Map<string, "entity" | "event">();
  let throughSeq = options.afterSeq;
  for (;;) {
    signal.throwIfAborted();
    const { items } = await repo.listDomainEvents({ after: throughSeq, limit: PAGE });
    for (const { seq, type, aggregate_id, payload } of items) {
      throughSeq = seq;
      const kind = type === "event.inserted" ? "event" : type.startsWith("entity.") ? "entity" : undefined;
      if (kind === undefined || aggregate_id === undefined) continue;
      if (types !== undefined && !types.includes(String(payload["type"]))) continue;
      found.delete(aggregate_id);
      if (type !== "entity.deleted") found.set(aggregate_id, kind);
    }
    if (items.length < PAGE) break;
  }
  const shown: NewsItem[] = [];
  for (const [id, kind] of [...found].slice(-maxItems)) {
    const record = kind === "entity" ? await repo.getEntity(id) : await repo.getEvent(id);
    if (record !== undefined) shown.push(toItem(record));
  }
  return { items: shown, count: found.size, throughSeq };
}

function toItem(record: {
  readonly type: string;
  readonly title?: string;
  readonly url?: string;
  readonly external_id?: string;
  readonly data?: JsonObject;
}): NewsItem {
  const { type, url, data = {} } = record;
  const title = [record.title, data["title"], data["subject"], record.external_id, "untitled"].find(isText);
  const text = [data["summary"], data["text"]].find(isText);
  return {
    type,
    title: oneLine(title ?? "", MAX_TITLE),
    ...(url === undefined ? {} : { url }),
    ...(text === undefined ? {} : { text: oneLine(text, MAX_TEXT) }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
