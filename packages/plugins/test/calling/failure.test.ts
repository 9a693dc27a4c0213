import { describe, expect, it } from "vitest";
import { readFailure } from "../../src/index.ts";

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("hostile");
    },
  },
);

describe("what is kept of a throw", () => {
  it.each([
    ["an error", new Error("broken"), { message: "broken" }],
    ["its code", Object.assign(new Error("full"), { code: "E_FULL" }), { message: "full", code: "E_FULL" }],
    ["a text", "text", { message: "text" }],
    ["undefined", undefined, { message: "It failed with undefined." }],
    ["null", null, { message: "It failed with null." }],
    ["an empty text", "", { message: 'It failed with "".' }],
    ["a number", 7, { message: "7" }],
    ["what throws when it is read", hostile, { message: "It failed with something that cannot be read." }],
    ["half a surrogate pair", new Error("\ud800"), { message: "\ufffd" }],
  ])("is a message for %s", (_, thrown, error) => {
    expect(readFailure(thrown)).toEqual({ error, retryable: true });
  });

  it("is what the error asks for, within reason", () => {
    const ask = (fields: object) => readFailure(Object.assign(new Error("later"), fields));
    expect(ask({ retryable: false })).toMatchObject({ retryable: false });
    expect(ask({ retryAfterMs: 1_500 })).toMatchObject({ retryable: true, retryAfterMs: 1_500 });
    expect(ask({ retryAfterMs: 1e12 })).toMatchObject({ retryAfterMs: 86_400_000 });
    for (const retryAfterMs of [-1, Number.NaN, "soon"])
      expect(ask({ retryAfterMs })).not.toHaveProperty("retryAfterMs");
  });
});
