import { idText, type JsonObject, type JsonValue, jsonObject as plainObject } from "@atlas/core";
import { normalizeTime } from "@atlas/core/internal";
import { z } from "zod";
import { described, schemaNotes } from "./component.ts";

/** Any JSON value. */
export const json = z.custom<JsonValue>((value) => value !== undefined);
schemaNotes.add(json, { id: "JsonValue", description: "Any JSON value." });

/** Any JSON object. */
export const jsonObject: z.ZodType<JsonObject, JsonObject> = plainObject.clone();
schemaNotes.add(jsonObject, { id: "JsonObject", description: "Any JSON object.", type: "object" });

/** An id or a name: 1 to 255 bytes. */
export const nameText = idText;

/** The parameter of paths with one id. */
export const idParams = z.strictObject({ id: nameText });

/** A stored time: ISO-8601 in UTC with milliseconds. */
export const storedTime = z.string();
schemaNotes.add(storedTime, { format: "date-time" });

/** A time that a caller gives: ISO-8601 with a zone. */
export const givenTime = z
  .string()
  .refine(
    (text) => normalizeTime(text) !== undefined,
    "must be an ISO-8601 time with a zone, such as 2026-01-31T12:00:00Z",
  );
schemaNotes.add(givenTime, {
  description: "ISO-8601 with a zone.",
  format: "date-time",
  examples: ["2026-01-31T12:00:00Z"],
});

/** A whole number in a query. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .regex(/^\d{1,16}$/, "must be a whole number in decimal digits")
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

/** A yes or no in a query. */
export const truth = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .pipe(z.boolean());

/** Names in a query, with commas between them. */
export const nameList = z
  .string()
  .min(1)
  .transform((text) => text.split(","))
  .pipe(z.array(nameText).min(1).max(100));

/** The query of a list that is read page by page. */
export const pageQuery = {
  limit: described("Items per page. Default: 100.", wholeNumber({ min: 1, max: 1_000 }).exactOptional()),
  cursor: described(
    "The `cursor` of the page before. Default: the first page.",
    z.string().min(1).max(4_000).exactOptional(),
  ),
} as const;

/** The order of a list. */
export const order = described("Default: `asc`.", z.enum(["asc", "desc"]).exactOptional());

/** The query of an ordered log. */
export const logQuery = {
  after: described(
    "Only entries with a greater `seq`. Default: 0. Ignored with a `cursor`.",
    wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).exactOptional(),
  ),
  ...pageQuery,
} as const;

/** A page of items. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item).readonly(),
    cursor: described("Gives the next page; absent on the last one.", z.string().exactOptional()),
  });
}

/** All items of a list without pages. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item).readonly() });
}
