import { describe, expect, it } from "vitest";
import { readFailure } from "../../src/runtime.ts";

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("hostile");
    },
  },
);

describe("the stored record of what a plugin threw", () => {
  it.each([
    ["an error", new TypeError("broken"), { name: "TypeError", message: "broken" }],
    [
      "its code",
      Object.assign(new Error("full"), { code: "E_FULL" }),
      { name: "Error", message: "full", code: "E_FULL" },
    ],
    ["a text", "text", { message: "text" }],
    ["undefined", undefined, { message: "The plugin threw undefined instead of an error." }],
    ["null", null, { message: "The plugin threw null instead of an error." }],
    ["an empty text", "", { message: 'The plugin threw "" instead of an error.' }],
    ["a number", 7, { message: "7" }],
    ["an object without a message", {}, { message: "[object Object]" }],
    ["what throws when it is read", hostile, { message: "The plugin threw a value that cannot be read." }],
    ["half a surrogate pair", new Error("\ud800"), { name: "Error", message: "\ufffd" }],
  ])("has a message for %s", (_, thrown, error) => {
    expect(readFailure(thrown)).toEqual({ error, retryable: true });
  });

  it("keeps what the error asks for, within reason", () => {
    const ask = (fields: object) => readFailure(Object.assign(new Error("later"), fields));
    expect(ask({ retryable: false })).toMatchObject({ retryable: false });
    expect(ask({ retryAfterMs: 1_500 })).toMatchObject({ retryable: true, retryAfterMs: 1_500 });
    expect(ask({ retryAfterMs: 1e12 })).toMatchObject({ retryAfterMs: 86_400_000 });
    for (const retryAfterMs of [-1, Number.NaN, "soon"])
      expect(ask({ retryAfterMs })).not.toHaveProperty("retryAfterMs");
  });

  it("names the causes, in the message and one by one", () => {
    const socket = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    const { error } = readFailure(new TypeError("fetch failed", { cause: socket }));
    expect(error).toEqual({
      name: "TypeError",
      message: "fetch failed: connect ECONNREFUSED 127.0.0.1:1",
      causes: [{ name: "Error", message: "connect ECONNREFUSED 127.0.0.1:1", code: "ECONNREFUSED" }],
    });
  });

  it("names the reason of a real connection that is refused", async () => {
    const thrown = await fetch("http://127.0.0.1:1/").catch((error: unknown) => error);
    expect(readFailure(thrown).error["message"]).toMatch(/^fetch failed: ./);
  });

  it("looks into an error of several errors that has no message of its own", () => {
    const several = new AggregateError([new Error("connect ECONNREFUSED ::1:1"), new Error("other")]);
    expect(readFailure(new TypeError("fetch failed", { cause: several })).error["message"]).toBe(
      "fetch failed: connect ECONNREFUSED ::1:1",
    );
  });

  it("does not repeat a cause that the error quotes", () => {
    const cause = new Error("disk full");
    expect(readFailure(new Error("cannot save: disk full", { cause })).error["message"]).toBe(
      "cannot save: disk full",
    );
  });

  it("ends where causes go round in a circle", () => {
    const outer = new Error("outer");
    const inner = new Error("inner", { cause: outer });
    outer.cause = inner;
    expect(readFailure(outer).error).toMatchObject({
      message: "outer: inner",
      causes: [{ message: "inner" }],
    });
    const own = new Error("own");
    own.cause = own;
    expect(readFailure(own).error).toEqual({ name: "Error", message: "own" });
  });

  it("keeps five causes and 2,000 characters of each message at most", () => {
    const endless = {
      message: "x".repeat(5_000),
      get cause() {
        return Object.create(this as object) as unknown;
      },
    };
    const { error } = readFailure(endless);
    const causes = error["causes"] as readonly { readonly message: string }[];
    expect(causes).toHaveLength(5);
    for (const { message } of [{ message: String(error["message"]) }, ...causes])
      expect(message).toHaveLength(2_000);
  });
});
