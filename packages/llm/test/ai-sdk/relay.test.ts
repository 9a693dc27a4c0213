import { expect, it } from "vitest";
import { relayed } from "../../src/ai-sdk/relay.ts";

/** A stream whose parts a test sends, and which says when it was left. */
function sent() {
  let controller: ReadableStreamDefaultController<number>;
  const left: unknown[] = [];
  const stream = new ReadableStream<number>({
    start(given) {
      controller = given;
    },
    cancel: (reason) => void left.push(reason),
  });
  return {
    stream,
    left,
    send: (part: number) => controller.enqueue(part),
    fail: (error: Error) => controller.error(error),
    close: () => controller.close(),
  };
}

/** Relays a stream, and notes what it is told. */
function relaying(signal?: AbortSignal) {
  const source = sent();
  const over: string[] = [];
  const parts: number[] = [];
  const stream = relayed(source.stream, {
    part(part) {
      parts.push(part);
      return part * 2;
    },
    failed: (error) => new Error(`translated: ${String(error)}`),
    over: (how) => over.push(how),
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...source, reader: stream.getReader(), over, parts };
}

it("changes parts, and is over once at the end", async () => {
  const { send, close, reader, over } = relaying();
  send(1);
  close();
  expect(await reader.read()).toEqual({ done: false, value: 2 });
  expect(over).toEqual([]);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  await reader.cancel();
  expect(over).toEqual(["ended"]);
});

it("translates a failure, and is over once", async () => {
  const { fail, reader, over } = relaying();
  fail(new Error("down"));
  await expect(reader.read()).rejects.toThrow("translated: Error: down");
  await expect(reader.cancel()).rejects.toThrow("translated");
  expect(over).toEqual(["failed"]);
});

it("leaves the stream behind it, and looks at no part that comes afterwards", async () => {
  const { send, reader, over, parts, left } = relaying();
  const awaited = reader.read();
  await new Promise(setImmediate);
  send(1);
  await reader.cancel("enough");
  expect(await awaited).toEqual({ done: true, value: undefined });
  expect([left, over, parts]).toEqual([["enough"], ["left"], []]);
});

it("fails with its signal, once, also where the signal is aborted already", async () => {
  const controller = new AbortController();
  const { reader, over, left } = relaying(controller.signal);
  const awaited = reader.read();
  controller.abort("late");
  await expect(awaited).rejects.toThrow("translated: late");
  await expect(reader.cancel()).rejects.toThrow("translated");
  expect([left, over]).toEqual([["late"], ["failed"]]);
  const aborted = relaying(AbortSignal.abort("before"));
  await expect(aborted.reader.read()).rejects.toThrow("translated: before");
  expect(aborted.left).toEqual(["before"]);
});

it("forgets its signal at the end", async () => {
  const controller = new AbortController();
  const { reader, over, left, close } = relaying(controller.signal);
  close();
  await reader.read();
  controller.abort("late");
  expect([left, over]).toEqual([[], ["ended"]]);
});
