import { describe, expect, it } from "vitest";
import { createStream } from "../../src/index.ts";

const result = { text: "ab", provider: "here" };

describe("a stream", () => {
  it("keeps its pieces for a reader who comes later, and leaves out empty ones", async () => {
    const { textStream, result: whole } = createStream(undefined, async (emit) => {
      for (const piece of ["a", "", "b"]) await emit(piece);
      return result;
    });
    expect(await whole).toBe(result);
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces).toEqual(["a", "b"]);
  });

  it("rejects once for whoever reads and for whoever waits, and for nobody else", async () => {
    const failing = () =>
      createStream(undefined, async (emit) => {
        await emit("a");
        throw new Error("broken");
      });
    failing();
    const { textStream, result: whole } = failing();
    const pieces: string[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of textStream) pieces.push(piece);
    };
    await expect(read()).rejects.toThrow("broken");
    await expect(whole).rejects.toThrow("broken");
    expect(pieces).toEqual(["a"]);
  });

  it("tells its work when the caller gives up, and when the reader leaves", async () => {
    const caller = new AbortController();
    const waiting = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const aborted = createStream(caller.signal, (_, signal) => waiting(signal));
    caller.abort(new Error("enough"));
    await expect(aborted.result).rejects.toThrow("enough");

    const left = createStream(undefined, (emit, signal) => {
      void emit("a");
      return waiting(signal);
    });
    for await (const _ of left.textStream) break;
    await expect(left.result).rejects.toThrow("The reader left the stream before its end.");
  });
});
