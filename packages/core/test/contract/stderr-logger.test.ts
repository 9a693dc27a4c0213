import { expect, it, onTestFinished, vi } from "vitest";
import { CoreError, type Logger, silentLogger, stderrLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";

/** What is written to standard error from now on. */
function written(): readonly string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

it("writes warnings and errors as one line each, and nothing else", () => {
  const lines = written();
  stderrLogger.debug({ a: 1 }, "debug");
  stderrLogger.info({ a: 1 }, "info");
  stderrLogger.warn({ types: ["a"], actor: "host" }, "Refused.");
  stderrLogger.error({}, "Two\nlines\u001b[31m.");
  expect(lines).toEqual([
    '[atlas] warn: Refused. {"types":["a"],"actor":"host"}',
    "[atlas] error: Two lines [31m.",
  ]);
});

it("shows an error with its code and its causes", () => {
  const lines = written();
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = new CoreError("ATLAS_CORE_STOPPED", {}, "Stopped.", {
    cause: new TypeError("fetch failed", { cause: refused }),
  });
  stderrLogger.error({ error, inner: { error: new Error("x", { cause: "text" }) } }, "It failed.");
  expect(lines).toEqual([
    '[atlas] error: It failed. {"error":"CoreError [ATLAS_CORE_STOPPED]: Stopped. <- TypeError: fetch failed <- Error [ECONNREFUSED]: connect ECONNREFUSED","inner":{"error":"Error: x <- text"}}',
  ]);
});

it("never throws, whatever the fields are", () => {
  const lines = written();
  const circular: Record<string, unknown> = { same: 1, shared: {} };
  circular["self"] = circular;
  circular["again"] = circular["shared"];
  const loop = new Error("a");
  loop.cause = loop;
  const bad = {
    get field(): string {
      throw new Error("no");
    },
  };
  stderrLogger.warn({ circular }, "Circular.");
  stderrLogger.warn({ loop }, "Loop.");
  stderrLogger.warn(bad, "Bad.");
  stderrLogger.warn({ big: 1n, nothing: undefined, call: () => 1 }, "Odd.");
  stderrLogger.warn({ text: "x".repeat(100_000) }, "Long.");
  expect(lines.slice(0, 4)).toEqual([
    '[atlas] warn: Circular. {"circular":{"same":1,"shared":{},"self":"[circular]","again":{}}}',
    `[atlas] warn: Loop. {"loop":"${Array.from({ length: 6 }, () => "Error: a").join(" <- ")}"}`,
    "[atlas] warn: Bad. {the fields cannot be read}",
    '[atlas] warn: Odd. {"big":"1"}',
  ]);
  expect(lines[4]).toHaveLength(4_000);
});

it.each([
  ["is the default of a store", undefined, 1],
  ["is switched off by silentLogger", silentLogger, 0],
] as const)("%s", async (_, log, count) => {
  const lines = written();
  const store = await createStore({ database: ":memory:", ...(log === undefined ? {} : { log }) });
  const patch = { id: "missing", patch: { title: "New" } };
  await expect(store.commands.enqueue({ type: "artifact.update", ...patch })).rejects.toThrow("missing");
  await store.stop();
  expect(lines).toHaveLength(count);
  if (log === undefined) expect(lines[0]).toContain("ATLAS_CORE_NOT_FOUND");
});

it("takes console as a logger", () => {
  expect<Logger>(console).toBe(console);
});
