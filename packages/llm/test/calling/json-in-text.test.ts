import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonIn } from "../../src/calling/json-in-text.ts";
import { createLLM } from "../../src/index.ts";

const schema = z.object({ colour: z.enum(["red", "green"]) });
const read = async (text: string): Promise<unknown> => {
  const llm = createLLM({ generateText: async () => ({ text, provider: "here" }) });
  return (await llm.generateObject({ prompt: "Which?", schema })).object;
};

describe("an object", () => {
  it.each([
    ["with a byte order mark", '\uFEFF{"colour":"red"}'],
    ["after thoughts", '<think>Maybe {"colour":"green"}? No.</think>\n{"colour":"red"}'],
    ["after thoughts whose first mark is missing", 'Perhaps {"colour":"green"}.</think>{"colour":"red"}'],
    ["after thoughts, in a fence", '<thinking>Hm.</thinking>\n```json\n{"colour":"red"}\n```'],
    ["in prose", 'Of course! It is {"colour":"red"}, as you see.'],
    ["in prose with notes", 'As in [1] and {2}: {"colour":"red"} [3]'],
    ["in a fence in prose", 'Here:\n```json\n{"colour":"red"}\n```\nAnything else?'],
    ["in the second fence", '```sh\nls\n```\n```json\n{"colour":"red"}\n```'],
    ["in a fence without a word", '```\n{"colour":"red"}\n```'],
    ["after an object that does not fit", '{"size":1}\n{"colour":"red"}'],
    ["after a bracket that never closes", 'A smile :-{ and {"colour":"red"}'],
  ])("%s is read", async (_, text) => {
    expect(await read(text)).toEqual({ colour: "red" });
  });

  it.each([
    ["braces", { text: "a } b { c ] d" }],
    ["quotes and backslashes", { text: 'He said "no }" \\ "' }],
    ["marks of thoughts", { text: "</think>" }],
    ["a fence", { text: "```json\n{}\n```" }],
  ])("whose text holds %s is read whole", (_, value) => {
    const text = JSON.stringify(value);
    expect([...jsonIn(text)]).toEqual([value]);
  });

  it("whose text holds brackets and quotes is read whole in prose too", () => {
    const value = { text: 'He said "no }" \\ " and } b { c ] d' };
    expect([...jsonIn(`Well: ${JSON.stringify(value)} {`)]).toEqual([value]);
  });

  it("of any shape is found in prose around it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes("```") && !text.includes("</"));
        expect([...jsonIn(`It is ${text} of course.`)]).toContainEqual(JSON.parse(text));
      }),
    );
  });

  it("is not searched for ever in a text of brackets", () => {
    expect([...jsonIn("[{".repeat(1_000_000))]).toEqual([]);
  });

  it("that is only in the thoughts is none", async () => {
    await expect(read('<think>{"colour":"red"}</think> I would rather not.')).rejects.toMatchObject({
      code: "ATLAS_LLM_OBJECT_INVALID",
    });
  });
});
