import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HarnessHost, HarnessRun, UnnamedHarnessEvent } from "@atlas/harness";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createScriptedHarness, type ScriptedStep } from "../src/index.ts";

// A scripted harness starts no program, so it takes nothing from its host.
const host = { env: {} } as HarnessHost;

describe("a scripted harness", () => {
  beforeEach(() => mkdirSync("work"));
  afterEach(() => rmSync("work", { recursive: true }));

  function createRun(rest: Partial<HarnessRun> = {}) {
    const events: UnnamedHarnessEvent[] = [];
    const run: HarnessRun = {
      runId: "r1",
      harness: "agent",
      goal: "Add a.",
      cwd: join(process.cwd(), "work"),
      mode: "propose",
      profile: "default",
      signal: new AbortController().signal,
      onEvent: (event) => events.push(event),
      ...rest,
    };
    return { run, events };
  }

  it("follows its steps in order, and returns its answer", async () => {
    const agent = createScriptedHarness([
      { write: "src/a.ts", content: "a" },
      { write: "src/b.ts", content: "b" },
      { write: "src/b.ts", content: null },
      { say: "working" },
      { say: "oops", stream: "stderr" },
      { tell: { type: "message", text: "hello" } },
      { answer: { summary: "Added a.", sessionId: "s1" } },
      { write: "late.ts", content: "never" },
    ]);
    const { run, events } = createRun();
    expect(await agent.run(run, host)).toEqual({ summary: "Added a.", outputs: [], sessionId: "s1" });
    expect(readFileSync("work/src/a.ts", "utf8")).toBe("a");
    expect([existsSync("work/src/b.ts"), existsSync("work/late.ts")]).toEqual([false, false]);
    expect(events).toEqual([
      { type: "output", stream: "stdout", line: "working" },
      { type: "output", stream: "stderr", line: "oops" },
      { type: "message", text: "hello" },
    ]);
    expect(agent.runs).toEqual([run]);
  });

  it("can take its steps from the run and its number", async () => {
    const agent = createScriptedHarness(({ goal }, index) => [{ answer: { summary: `${goal} ${index}` } }]);
    const { run } = createRun();
    const said = [await agent.run(run, host), await agent.run(run, host)].map(({ summary }) => summary);
    expect(said).toEqual(["Add a. 0", "Add a. 1"]);
    expect(await createScriptedHarness([]).run(run, host)).toMatchObject({
      summary: "The script has ended.",
    });
  });

  it("fails with the code that it is told", async () => {
    const { run } = createRun();
    const agent = createScriptedHarness([{ fail: "ATLAS_HARNESS_TIMED_OUT", details: { timeoutMs: 5 } }]);
    await expect(agent.run(run, host)).rejects.toMatchObject({
      code: "ATLAS_HARNESS_TIMED_OUT",
      details: { harness: "agent", timeoutMs: 5 },
    });
  });

  it.each<[string, HarnessRun["onCommand"], UnnamedHarnessEvent]>([
    [
      "runs",
      () => undefined,
      { type: "tool_call", name: "command", status: "completed", detail: "rm -rf build" },
    ],
    [
      "is denied",
      () => ({ refuse: "NO", message: "rm is forbidden" }),
      { type: "tool_call", name: "command", status: "denied", detail: "rm -rf build: rm is forbidden" },
    ],
    [
      "is denied by a guard that throws",
      () => {
        throw new Error("broken");
      },
      { type: "tool_call", name: "command", status: "denied", detail: "rm -rf build: broken" },
    ],
  ])("asks whether a command may run, which %s", async (_, onCommand, event) => {
    const { run, events } = createRun({ ...(onCommand === undefined ? {} : { onCommand }) });
    await createScriptedHarness([{ command: ["rm", "-rf", "build"] }]).run(run, host);
    expect(events).toEqual([event]);
  });

  it("hangs until it is aborted", async () => {
    const controller = new AbortController();
    const { run } = createRun({
      signal: controller.signal,
      onEvent: () => controller.abort(new Error("enough")),
    });
    const steps: readonly ScriptedStep[] = [{ say: "here" }, { hang: true }];
    await expect(createScriptedHarness(steps).run(run, host)).rejects.toThrow("enough");
    await expect(createScriptedHarness([]).run(run, host)).rejects.toThrow("enough");
    const later = new AbortController();
    const hanging = createScriptedHarness([{ hang: true }]).run(
      createRun({ signal: later.signal }).run,
      host,
    );
    later.abort(new Error("later"));
    await expect(hanging).rejects.toThrow("later");
  });

  it.each(["../a", "/etc/a"])("does not write to %s", async (write) => {
    const { run } = createRun();
    await expect(createScriptedHarness([{ write, content: "" }]).run(run, host)).rejects.toThrow(TypeError);
  });
});
