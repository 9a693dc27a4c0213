import { expect, it } from "vitest";
import { createLines } from "../../src/flow/lines.ts";

/** Work that notes when it begins, and ends when it is told. */
function piece(order: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return {
    end: () => resolve(name),
    fail: () => reject(new Error(name)),
    work: () => {
      order.push(name);
      return promise;
    },
  };
}

const settled = () => new Promise(setImmediate);

it("does the work of one name in the order of the calls, and that of other names beside it", async () => {
  const { inTurn } = createLines();
  const order: string[] = [];
  const [one, two, three] = ["one", "two", "three"].map((name) => piece(order, name));
  if (one === undefined || two === undefined || three === undefined) return expect.fail();
  const calls = [inTurn(["a"], one.work), inTurn(["a"], two.work), inTurn(["b"], three.work)];
  await settled();
  expect(order).toEqual(["one", "three"]);
  one.end();
  await settled();
  expect(order).toEqual(["one", "three", "two"]);
  two.end();
  three.end();
  expect(await Promise.all(calls)).toEqual(["one", "two", "three"]);
});

it("lets work with several names wait for all of them, and goes on after work that failed", async () => {
  const { inTurn } = createLines();
  const order: string[] = [];
  const [a, b, both, last] = ["a", "b", "both", "last"].map((name) => piece(order, name));
  if (a === undefined || b === undefined || both === undefined || last === undefined) return expect.fail();
  const first = inTurn(["a"], a.work);
  const failed = inTurn(["b"], b.work);
  const waiting = inTurn(["b", "a"], both.work);
  const after = inTurn(["a", "b"], last.work);
  b.fail();
  await expect(failed).rejects.toThrow("b");
  await settled();
  expect(order).toEqual(["a", "b"]);
  a.end();
  expect(await first).toBe("a");
  await settled();
  expect(order).toEqual(["a", "b", "both"]);
  both.end();
  last.end();
  expect(await Promise.all([waiting, after])).toEqual(["both", "last"]);
});
