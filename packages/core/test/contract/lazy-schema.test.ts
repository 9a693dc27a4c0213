import { isProxy } from "node:util/types";
import { expect, it } from "vitest";
import { z } from "zod";
import { lazySchema } from "../../src/contract/lazy-schema.ts";
import { coreModule, defineCommand, defineModule } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";

it("makes a schema when it is first used, and once", () => {
  let made = 0;
  const schema = lazySchema(() => {
    made += 1;
    return z.object({ id: z.string() });
  });
  expect(made).toBe(0);
  expect(schema.safeParse({ id: "a" })).toEqual({ success: true, data: { id: "a" } });
  expect(schema.safeParse({ id: 1 }).success).toBe(false);
  expect(Object.keys(schema.shape)).toEqual(["id"]);
  expect(made).toBe(1);
});

it("is of the class of the schema, can stand in others, and has its JSON Schema", () => {
  const schema = lazySchema(() => z.object({ id: z.string() }));
  expect(schema instanceof z.ZodObject).toBe(true);
  expect("shape" in schema).toBe(true);
  expect(z.array(schema.strict()).safeParse([{ id: "a", more: 1 }]).success).toBe(false);
  expect(z.object({ inner: schema }).parse({ inner: { id: "a" } })).toEqual({ inner: { id: "a" } });
  expect(z.toJSONSchema(schema)).toMatchObject({ type: "object", required: ["id"] });
});

it("is made with the first command of its type, and refuses what the schema does not name", async () => {
  let made = 0;
  const lazy = defineModule({
    name: "lazy",
    version: 1,
    migrations: {},
    commands: {
      "lazy.note": defineCommand()({
        schema: lazySchema(() => {
          made += 1;
          return z.object({ title: z.string() });
        }),
        apply: ({ title }, change) => change.emit({ type: "lazy.noted", payload: { title } }),
      }),
    },
  });
  const store = await openStore({ modules: [lazy] });
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "note" } });
  expect(made).toBe(0);
  await store.commands.enqueue({ type: "lazy.note", title: "a" });
  await store.commands.enqueue({ type: "lazy.note", title: "b" });
  await expect(
    store.commands.enqueue({ type: "lazy.note", title: "c", titel: "d" } as never),
  ).rejects.toThrow('"titel" is not a known field. Did you mean "title"?');
  expect(made).toBe(1);
});

it("is how every command of core has its schema, so that importing makes none of them", () => {
  const eager = Object.entries(coreModule.commands).filter(([, { schema }]) => !isProxy(schema));
  expect(eager.map(([type]) => type)).toEqual([]);
});
