import { expect, it } from "vitest";
import { answered, isPending, perform, type Work } from "../../src/writing/work.ts";

function* sum(...terms: readonly (number | Promise<number>)[]): Work<number> {
  let total = 0;
  for (const term of terms) total += yield* answered(term);
  return total;
}

it("does work at once that has nothing to wait for", () => {
  expect(perform(sum(1, 2, 3))).toBe(6);
});

it("waits where work has to, and goes on with what it waited for", async () => {
  const result = perform(sum(1, Promise.resolve(2), 3, Promise.resolve(4)));
  expect(isPending(result)).toBe(true);
  expect(await result).toBe(10);
});

it("throws in the work what a promise was rejected with, so that the work can deal with it and wait again", async () => {
  function* careful(): Work<string> {
    try {
      yield* answered(Promise.reject(new RangeError("first")));
    } catch (error) {
      return `${String(error)}, then ${yield* answered(Promise.resolve("more"))}`;
    }
    return "never";
  }
  expect(await perform(careful())).toBe("RangeError: first, then more");
});

it("fails as its work does: at once, or later", async () => {
  function* failing(first: number | Promise<number>): Work<never> {
    yield* answered(first);
    throw new RangeError("over");
  }
  expect(() => perform(failing(1))).toThrow("over");
  await expect(perform(failing(Promise.resolve(1)))).rejects.toThrow("over");
  await expect(perform(sum(Promise.reject(new TypeError("lost"))))).rejects.toThrow("lost");
});

it("takes a promise of any library for one", () => {
  // biome-ignore lint/suspicious/noThenProperty: it is what makes a promise of another library.
  expect(isPending({ then: () => undefined })).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: a row may have such a column.
  for (const value of [undefined, null, 0, 1, "then", {}, [], { then: "1" }])
    expect(isPending(value)).toBe(false);
});
