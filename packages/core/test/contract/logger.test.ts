import { expect, it } from "vitest";
import { guardLogger, type Logger } from "../../src/contract/logger.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

function loggerOf(write: (fields: object, message: string) => unknown): Logger {
  return { debug: write, info: write, warn: write, error: write };
}

it("passes every line on, whatever its level", () => {
  const lines: unknown[] = [];
  const log = guardLogger(loggerOf((fields, message) => lines.push([fields, message])));
  for (const level of LEVELS) log[level]({ level }, "said");
  expect(lines).toEqual(LEVELS.map((level) => [{ level }, "said"]));
});

it("survives a logger that throws, or that returns a promise which rejects", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const broken = [
      () => {
        throw new Error("broken");
      },
      () => Promise.reject(new Error("broken later")),
    ];
    for (const write of broken) {
      const log = guardLogger(loggerOf(write));
      for (const level of LEVELS) expect(() => log[level]({}, "said")).not.toThrow();
    }
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});
