import { describe, expect, it } from "vitest";
import { z } from "zod";
import { withoutAbsent } from "../../src/calling/absent-values.ts";
import { closeSchema, isClosed, type JsonSchema } from "../../src/calling/closed-schema.ts";
import { createLLM } from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";
import { openRouter, openServer } from "../support/services.ts";

/** The JSON Schema that zod makes of a schema for what comes in. */
const open = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { target: "draft-07", io: "input" });

interface Tree {
  readonly name: string;
  readonly left?: Tree | undefined;
}
const tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get left() {
    return tree.optional();
  },
});

/** Each: a schema, an answer in the closed form, and the object that it means. */
const cases: readonly (readonly [what: string, schema: z.ZodType, answer: unknown, object: unknown])[] = [
  ["a plain object", z.object({ a: z.string() }), { a: "x" }, { a: "x" }],
  ["nothing", z.object({}), {}, {}],
  ["an optional property", z.object({ a: z.string().optional() }), { a: null }, {}],
  ["an optional enum", z.object({ a: z.enum(["x", "y"]).optional() }), { a: null }, {}],
  ["a nullable property", z.object({ a: z.string().nullable() }), { a: null }, { a: null }],
  ["an optional property that may be null", z.object({ a: z.string().nullish() }), { a: null }, { a: null }],
  ["a property with a default", z.object({ a: z.string().default("d") }), { a: null }, { a: "d" }],
  [
    "objects in lists in objects",
    z.object({ list: z.array(z.object({ a: z.number().optional(), b: z.boolean() })) }),
    { list: [{ a: null, b: true }] },
    { list: [{ b: true }] },
  ],
  [
    "a discriminated union with an optional property",
    z.object({
      shape: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("circle"), radius: z.number().optional() }),
        z.object({ kind: z.literal("square"), radius: z.null(), side: z.number() }),
      ]),
    }),
    { shape: { kind: "circle", radius: null } },
    { shape: { kind: "circle" } },
  ],
  [
    "the other branch of it, whose null is meant",
    z.object({
      shape: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("circle"), radius: z.number().optional() }),
        z.object({ kind: z.literal("square"), radius: z.null().optional(), side: z.number() }),
      ]),
    }),
    { shape: { kind: "square", radius: null, side: 2 } },
    { shape: { kind: "square", radius: null, side: 2 } },
  ],
  [
    "lengths, formats and patterns",
    z.object({ a: z.string().min(1).max(9), b: z.email(), c: z.url(), d: z.string().regex(/^x/) }),
    { a: "x", b: "a@b.example", c: "https://a.example", d: "x" },
    { a: "x", b: "a@b.example", c: "https://a.example", d: "x" },
  ],
  [
    "an intersection of objects",
    z.object({ both: z.object({ a: z.string() }).and(z.object({ b: z.number().optional() })) }),
    { both: { a: "x", b: null } },
    { both: { a: "x" } },
  ],
  ["a list at the root", z.array(z.object({ a: z.string() })), { value: [{ a: "x" }] }, [{ a: "x" }]],
  ["a text at the root", z.enum(["x", "y"]), { value: "x" }, "x"],
  [
    "a union at the root",
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), note: z.string().optional() }),
      z.object({ kind: z.literal("b") }),
    ]),
    { value: { kind: "a", note: null } },
    { kind: "a" },
  ],
  [
    "a schema that refers to itself",
    z.object({ root: tree }),
    { root: { name: "x", left: { name: "y", left: null } } },
    { root: { name: "x", left: { name: "y" } } },
  ],
];

describe("a schema for strict mode", () => {
  it.each(cases)("%s is taken by OpenAI, and its answer is read", async (_, schema, answer, object) => {
    const server = await openServer();
    server.reply(JSON.stringify(answer));
    const llm = createLLM(openRouter(server));
    const result = await llm.generateObject({ profile: "openai", prompt: "Which?", schema });
    expect(result.object).toEqual(object);
    expect(server.requests[0]?.body).toMatchObject({
      text: { format: { type: "json_schema", strict: true } },
    });
  });

  it.each(cases)("%s is closed once and for all", (_, schema) => {
    const closed = closeSchema(open(schema));
    expect(isClosed(closed?.schema ?? {})).toBe(true);
  });

  it("goes to services only: a runtime of one's own is asked with the schema as it is", async () => {
    const house = createMockLLM();
    const schema = z.object({ link: z.url(), name: z.string().min(9), size: z.number().default(4) });
    const { object } = await createLLM(house).generateObject({ prompt: "Which?", schema });
    expect(object).toMatchObject({ link: "https://example.com/", size: 4 });
    expect(house.calls[0]?.json?.schema).toMatchObject(open(schema));
  });

  it("tells the model in words what strict mode has no keyword for", () => {
    const schema = open(z.object({ a: z.string().min(2).describe("A name") }));
    expect(closeSchema(schema)?.schema).toEqual({
      type: "object",
      properties: { a: { type: "string", description: "A name; minLength: 2" } },
      required: ["a"],
      additionalProperties: false,
    });
  });
});

describe("a schema that cannot be closed", () => {
  const unclosable: readonly (readonly [string, z.ZodType, unknown])[] = [
    ["a record", z.object({ map: z.record(z.string(), z.number()) }), { map: { a: 1 } }],
    ["anything", z.object({ any: z.unknown() }), { any: 1 }],
    ["a tuple", z.object({ pair: z.tuple([z.string(), z.number()]) }), { pair: ["a", 1] }],
    ["an object with more", z.looseObject({ a: z.string() }), { a: "x", more: 1 }],
  ];
  it.each(unclosable)("%s is asked for without strict mode", async (_, schema, answer) => {
    const server = await openServer();
    server.reply(JSON.stringify(answer));
    const llm = createLLM(openRouter(server));
    expect(closeSchema(open(schema))).toBeUndefined();
    expect((await llm.generateObject({ profile: "openai", prompt: "Which?", schema })).object).toEqual(
      answer,
    );
    expect(server.requests[0]?.body).toMatchObject({ text: { format: { strict: false } } });
  });

  it.each<[string, JsonSchema]>([
    ["allOf", { allOf: [{ type: "object" }, { type: "object" }] }],
    ["not", { type: "string", not: { const: "x" } }],
    ["if", { type: "string", if: { const: "x" } }],
    ["patternProperties", { type: "object", properties: {}, patternProperties: {} }],
    ["anyOf and oneOf at once", { anyOf: [{ type: "string" }], oneOf: [{ type: "string" }] }],
    ["a list of anything", { type: "array" }],
    ["an object of anything", { type: "object" }],
  ])("has a part with %s", (_, part) => {
    const schema = { type: "object", properties: { part }, required: ["part"], additionalProperties: false };
    expect(closeSchema(schema)).toBeUndefined();
    expect(closeSchema({ ...schema, properties: {}, definitions: { part } })).toBeUndefined();
  });

  it("of a call for text is asked for without strict mode too", async () => {
    const server = await openServer();
    server.reply("{}");
    const json = { schema: open(z.object({ a: z.string().optional() })) };
    await openRouter(server).generateText({ profile: "openai", prompt: "Which?", json });
    expect(server.requests[0]?.body).toMatchObject({ text: { format: { strict: false } } });
  });
});

it("leaves every value alone that no schema speaks of", () => {
  const schema = open(z.object({ a: z.string().optional() }));
  const value = { a: null, b: null, c: [null], __proto__: null };
  expect(withoutAbsent(value, schema)).toEqual({ b: null, c: [null] });
  expect(withoutAbsent(null, schema)).toBeNull();
  // What is required has to be there: its null is a mistake, which the validation names.
  expect(withoutAbsent({ b: null }, open(z.object({ b: z.string() })))).toEqual({ b: null });
  expect(withoutAbsent("a", {})).toBe("a");
});
