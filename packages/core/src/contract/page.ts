import { z } from "zod";
import { CoreError } from "./errors.ts";

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Pass it to get the next page; absent on the last one. Opaque text. */
  readonly cursor?: string;
}

/** How to page through a list. */
export interface PageOptions {
  /** Items per page, 1 to 1,000. Default: 100. */
  readonly limit?: number;
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** The page size that was asked for. Throws a `TypeError` if it is out of bounds. */
export function pageLimit(options: { readonly limit?: number } | undefined): number {
  const limit = options?.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new TypeError(`limit must be an integer from 1 to ${MAX_LIMIT}; got ${limit}.`);
  }
  return limit;
}

/** What a list sorts by: one number, or this many texts. */
export const cursorKeys = {
  number: z.tuple([z.int()]),
  text: z.tuple([z.string()]),
  texts: z.tuple([z.string(), z.string()]),
} as const;

/** The sort key in a cursor; nothing without a cursor. */
export function readCursor<Key>(cursor: string | undefined, key: z.ZodType<Key>): Key | undefined {
  if (cursor === undefined) return undefined;
  try {
    return key.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch (cause) {
    throw new CoreError(
      "ATLAS_CORE_CURSOR_INVALID",
      { cursor: String(cursor).slice(0, 200) },
      `The cursor "${String(cursor).slice(0, 200)}" is not one of this list. Start again without a cursor.`,
      { cause },
    );
  }
}

/** Makes a page. The rows were read with `limit + 1`, so that one row too many shows that there is a next page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  read: { readonly item: (row: Row) => Item; readonly key: (row: Row) => readonly (string | number)[] },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const items = shown.map(read.item);
  const last = shown.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, cursor: Buffer.from(JSON.stringify(read.key(last))).toString("base64url") };
}
