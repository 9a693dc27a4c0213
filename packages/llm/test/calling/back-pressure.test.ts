import { describe, expect, it } from "vitest";
import { createStream, type LLMResult } from "../../src/index.ts";

const result: LLMResult = { text: "whole", provider: "here" };

/** Lets every promise settle that can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream of ten pieces of 10 bytes, at most 30 of them unread, and how many its work has got rid of. */
function createTens(piece = "x".repeat(10)) {
  let emitted = 0;
  const stream = createStream(
    undefined,
    async (emit) => {
      for (let left = 10; left > 0; left -= 1) {
        await emit(piece);
        emitted += 1;
      }
      return result;
    },
    { maxUnreadBytes: 30 },
  );
  return { stream, pieces: stream.textStream[Symbol.asyncIterator](), emitted: () => emitted };
}

/** Work that never ends by itself, and rejects as soon as nobody wants it. */
const waiting = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

describe("back-pressure", () => {
  it("holds the work up while a reader who has begun lags behind", async () => {
    const { pieces, emitted } = createTens();
    await pieces.next();
    await settle();
    expect(emitted()).toBe(4); // one read, 30 bytes unread; the fifth waits
    await pieces.next();
    await settle();
    expect(emitted()).toBe(5);
  });

  it("counts bytes, not characters", async () => {
    const { pieces, emitted } = createTens("ü".repeat(5));
    await pieces.next();
    await settle();
    expect(emitted()).toBe(4);
  });

  it("gives a slow reader every piece in order, then the end", async () => {
    const read: string[] = [];
    const { textStream } = createStream(
      undefined,
      async (emit) => {
        for (let number = 0; number < 3_000; number += 1) await emit(`${number};`);
        return result;
      },
      { maxUnreadBytes: 4_096 },
    );
    for await (const piece of textStream) {
      if (read.length % 500 === 0) await settle();
      read.push(piece);
    }
    expect(read).toEqual(Array.from({ length: 3_000 }, (_, number) => `${number};`));
  });

  it("takes a piece that is larger than the bound", async () => {
    const { textStream } = createStream(
      undefined,
      async (emit) => {
        await emit("a".repeat(1_000));
        await emit("b".repeat(1_000));
        return result;
      },
      { maxUnreadBytes: 10 },
    );
    let length = 0;
    for await (const piece of textStream) length += piece.length;
    expect(length).toBe(2_000);
  });

  it("holds nobody up who awaits the result only, and keeps the pieces for a later reader", async () => {
    const { stream, pieces } = createTens();
    expect(await stream.result).toBe(result);
    let count = 0;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) count += 1;
    expect(count).toBe(10);
  });

  it("has 64 KiB of room unless told otherwise", async () => {
    let emitted = 0;
    const { textStream } = createStream(undefined, async (emit) => {
      for (let left = 100; left > 0; left -= 1) {
        await emit("x".repeat(1_024));
        emitted += 1;
      }
      return result;
    });
    const pieces = textStream[Symbol.asyncIterator]();
    await pieces.next();
    await settle();
    expect(emitted).toBe(65);
    await pieces.return?.();
  });

  it("goes through every layer, up to the work", async () => {
    const { stream, emitted } = createTens();
    const outer = createStream(
      undefined,
      async (emit) => {
        for await (const piece of stream.textStream) await emit(piece);
        return stream.result;
      },
      { maxUnreadBytes: 30 },
    );
    const pieces = outer.textStream[Symbol.asyncIterator]();
    await pieces.next();
    await settle();
    expect(emitted()).toBe(8); // 4 as before, one in the hand of the layer between, 3 unread before it
    expect((await pieces.return?.())?.done).toBe(true);
  });

  it("refuses an option that it does not have, and a bound that is none", () => {
    expect(() => createStream(undefined, async () => result, { maxUnreadByte: 5 } as object)).toThrow(
      'createStream: "maxUnreadByte" is not an option. Did you mean "maxUnreadBytes"?',
    );
    for (const maxUnreadBytes of [-1, Number.NaN]) {
      expect(() => createStream(undefined, async () => result, { maxUnreadBytes })).toThrow(
        "a number of 0 or more",
      );
    }
  });
});

describe("a reader who leaves", () => {
  it("ends the work before it has asked for a piece", async () => {
    const { textStream, result: whole } = createStream(undefined, (_, signal) => waiting(signal));
    const pieces = textStream[Symbol.asyncIterator]();
    expect(await pieces.return?.()).toEqual({ done: true, value: undefined });
    await expect(whole).rejects.toThrow("The reader left the stream before its end.");
    expect((await pieces.next()).done).toBe(true);
  });

  it("ends the work at once while it waits for a piece, and the wait with it", async () => {
    const { textStream, result: whole } = createStream(undefined, (_, signal) => waiting(signal));
    const pieces = textStream[Symbol.asyncIterator]();
    const asked = pieces.next();
    await pieces.return?.();
    expect(await asked).toEqual({ done: true, value: undefined });
    await expect(whole).rejects.toMatchObject({ name: "AbortError" });
  });

  it("ends work that is held up, and what it emits later is nobody's", async () => {
    const reasons: unknown[] = [];
    const { textStream, result: whole } = createStream(
      undefined,
      async (emit) => {
        try {
          for (;;) await emit("x".repeat(10));
        } catch (error) {
          reasons.push(error);
          // Nobody awaits this one: it must not end the process.
          void emit("late");
          throw error;
        }
      },
      { maxUnreadBytes: 30 },
    );
    const pieces = textStream[Symbol.asyncIterator]();
    await pieces.next();
    await settle();
    expect(reasons).toEqual([]);
    await pieces.return?.();
    await expect(whole).rejects.toMatchObject({ name: "AbortError" });
    expect(reasons).toHaveLength(1);
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });

  it("does not disturb work that is over", async () => {
    let isAborted = false;
    const { textStream, result: whole } = createStream(undefined, async (emit, signal) => {
      signal.addEventListener("abort", () => {
        isAborted = true;
      });
      await emit("a");
      return result;
    });
    await whole;
    for await (const _ of textStream) break;
    expect([isAborted, await whole]).toEqual([false, result]);
  });

  it("is the caller's abort for work that is held up", async () => {
    const caller = new AbortController();
    const { textStream, result: whole } = createStream(
      caller.signal,
      async (emit) => {
        for (;;) await emit("x".repeat(10));
      },
      { maxUnreadBytes: 30 },
    );
    const pieces = textStream[Symbol.asyncIterator]();
    await pieces.next();
    await settle();
    caller.abort(new Error("enough"));
    await expect(whole).rejects.toThrow("enough");
  });
});

it("rejects a piece that is emitted after the caller gave up", async () => {
  const caller = new AbortController();
  let late: Promise<void> | undefined;
  const { result: whole } = createStream(caller.signal, async (emit, signal) => {
    await waiting(signal).catch(() => {
      late = emit("late");
    });
    return result;
  });
  caller.abort(new Error("enough"));
  await whole;
  await expect(late).rejects.toThrow("enough");
});

describe("several readers of one iterator", () => {
  it("get the pieces in the order in which they asked, and one of them the failure", async () => {
    const { textStream } = createStream(undefined, async (emit) => {
      await settle();
      await emit("a");
      await emit("b");
      throw new Error("broken");
    });
    const pieces = textStream[Symbol.asyncIterator]();
    const asked = await Promise.allSettled([1, 2, 3, 4].map(() => pieces.next()));
    expect(asked.map((one) => (one.status === "fulfilled" ? one.value.value : String(one.reason)))).toEqual([
      "a",
      "b",
      "Error: broken",
      undefined,
    ]);
  });
});
