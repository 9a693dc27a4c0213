import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Route } from "@atlas/routing";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import type { HarnessDriver, HarnessRun, HarnessRunResult } from "../../src/contract/driver.ts";
import { HarnessError, isHarnessError } from "../../src/contract/errors.ts";
import type { HarnessEvent } from "../../src/contract/event.ts";
import type { HarnessTask } from "../../src/contract/runtime.ts";
import type { OwnedProcesses } from "../../src/processes/owned-processes.ts";
import { createHarnessRouter } from "../../src/router/harness-router.ts";
import type { HarnessRouterOptions } from "../../src/router/router-options.ts";
import { createCopiedWorkspaces } from "../support/copied-workspaces.ts";

interface Agent extends HarnessDriver {
  readonly runs: readonly HarnessRun[];
  /** Resolves when it has been asked that often. */
  asked(times: number): Promise<void>;
}

/** A driver that does what it is told, and remembers what it was asked. */
function createAgent(
  // Anything: the compiler does not let a function without a result stand beside one with a result.
  work: (run: HarnessRun) => unknown = () => undefined,
  rest: Partial<HarnessDriver> = {},
): Agent {
  const runs: HarnessRun[] = [];
  const waiting = new Map<number, () => void>();
  return {
    ...rest,
    runs,
    async asked(times) {
      if (runs.length < times) await new Promise<void>((resolve) => waiting.set(times, resolve));
    },
    async run(run) {
      runs.push(run);
      waiting.get(runs.length)?.();
      return {
        summary: "done",
        outputs: [],
        ...((await work(run)) as Partial<HarnessRunResult> | undefined),
      };
    },
  };
}

const failing = (
  code: "ATLAS_HARNESS_FAILED" | "ATLAS_HARNESS_RATE_LIMITED",
  before?: (run: HarnessRun) => void,
): Agent =>
  createAgent((run) => {
    before?.(run);
    throw new HarnessError(code, { harness: run.harness }, `${run.harness} is tired`);
  });

const writing =
  (name: string, text = "new"): ((run: HarnessRun) => void) =>
  (run) =>
    writeFileSync(join(run.cwd, name), text);

/** A router over these agents, and the folder of a caller with one file in it. */
function createTasks(
  drivers: Readonly<Record<string, HarnessDriver>>,
  rest: Partial<HarnessRouterOptions> = {},
) {
  const folder = mkdtempSync(join(process.cwd(), "router-"));
  const stateDir = join(folder, "state");
  const cwd = join(folder, "project");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "a.txt"), "old");
  const workspaces = createCopiedWorkspaces(stateDir);
  const warnings: string[] = [];
  const warn = (_: object, message: string): void => void warnings.push(message);
  const log = { debug: () => undefined, info: () => undefined, warn, error: warn };
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `id-${ids}`;
  };
  const config = { profiles: { quality: Object.keys(drivers) } };
  const router = createHarnessRouter({ stateDir, drivers, workspaces, config, log, newId, ...rest });
  onTestFinished(async () => {
    await router.stop();
    // Whatever happened, no copy is left.
    expect(
      readdirSync(folder).includes("state")
        ? readdirSync(stateDir).filter((name) => name.startsWith("copy"))
        : [],
    ).toEqual([]);
    rmSync(folder, { recursive: true });
  });
  const events: HarnessEvent[] = [];
  const run = (task: Partial<HarnessTask> = {}) =>
    router.runTask({ goal: "Add error handling", cwd, onEvent: (event) => events.push(event), ...task });
  return {
    router,
    workspaces,
    warnings,
    events,
    run,
    cwd,
    project: () => readFileSync(join(cwd, "a.txt"), "utf8"),
  };
}

describe("a task for coding agents", () => {
  it("is proposed by default: the result has the difference, and the caller's files stay", async () => {
    const agent = createAgent((run) => {
      writing("a.txt")(run);
      run.onEvent({ type: "message", text: "hello" });
      return { usage: { inputTokens: 3 }, cost: { amountMicrousd: 7 }, sessionId: "s1", exitCode: 0 };
    });
    const { run, events, project } = createTasks({ agent }, { clock: createFakeClock() });
    const result = await run();
    expect(result).toEqual({
      mode: "propose",
      summary: "done",
      outputs: [{ type: "diff", diff: "a.txt: new\n", source: "workspace" }],
      files: [{ path: "a.txt", change: "modified" }],
      harness: "agent",
      durationMs: 0,
      usage: { inputTokens: 3 },
      cost: { amountMicrousd: 7 },
      sessionId: "s1",
      exitCode: 0,
      route: {
        profile: "quality",
        candidate: "agent",
        attempts: [
          { candidate: "agent", outcome: "answered", waitedMs: 0, durationMs: 0, usage: { inputTokens: 3 } },
        ],
        skipped: [],
        durationMs: 0,
      },
    });
    expect(project()).toBe("old");
    expect(events).toEqual([
      { type: "state", harness: "agent", state: "preparing" },
      { type: "state", harness: "agent", state: "running" },
      { type: "message", harness: "agent", text: "hello" },
      { type: "state", harness: "agent", state: "collecting" },
    ]);
  });

  it("is applied after the agent has succeeded", async () => {
    const agent = createAgent(writing("a.txt"));
    const { run, events, project, workspaces } = createTasks({ agent });
    const { outputs } = await run({ mode: "apply", inPlace: true, whenBusy: "refuse" });
    expect(project()).toBe("new");
    expect(outputs).toEqual([{ type: "diff", diff: "a.txt: new\n", source: "workspace" }]);
    expect(events.at(-1)).toEqual({ type: "state", harness: "agent", state: "applying" });
    expect(workspaces.calls).toEqual(["open", "changes", "mergeBack", "close"]);
    expect(workspaces.opened[0]).toMatchObject({ mode: "apply", inPlace: true, whenBusy: "refuse" });
  });

  it("in plan mode has a plan and no difference, whatever the agent has changed or printed", async () => {
    const outputs = [
      { type: "diff", diff: "x", source: "agent" },
      { type: "text", text: "t" },
    ] as const;
    const agent = createAgent((run) => {
      writing("a.txt")(run);
      return { summary: "First this, then that.", outputs };
    });
    const { run, project, workspaces } = createTasks({ agent });
    expect((await run({ mode: "plan" })).outputs).toEqual([
      { type: "plan", text: "First this, then that." },
      { type: "text", text: "t" },
    ]);
    expect(project()).toBe("old");
    expect(workspaces.calls).toEqual(["open", "close"]);
  });

  it("keeps the agent's own plan, and its own difference after that of the workspace", async () => {
    const plan = { type: "plan", text: "p", name: "plan" } as const;
    const diff = { type: "diff", diff: "x", source: "agent", name: "diff" } as const;
    const agent = createAgent((run) => {
      writing("a.txt")(run);
      return { outputs: [diff, plan] };
    });
    const { run } = createTasks({ agent });
    expect((await run({ mode: "plan" })).outputs).toEqual([plan]);
    expect(
      (await run()).outputs.map(({ type, ...rest }) => [type, "source" in rest ? rest.source : ""]),
    ).toEqual([
      ["diff", "workspace"],
      ["diff", "agent"],
      ["plan", ""],
    ]);
  });

  it("passes everything on that concerns the agent, and nothing else", async () => {
    const agent = createAgent();
    const { run } = createTasks({ agent });
    const onCommand = (): undefined => undefined;
    await run({
      harness: "agent",
      contextPaths: ["src"],
      model: "large",
      env: { NO_COLOR: "1" },
      sessionId: "s1",
      onCommand,
      context: { actor: "user:ada" },
    });
    const { signal, onEvent, cwd, workspaceEnv, ...asked } = agent.runs[0] as HarnessRun;
    expect(asked).toEqual({
      runId: "id-2",
      harness: "agent",
      goal: "Add error handling",
      mode: "propose",
      profile: "quality",
      contextPaths: ["src"],
      model: "large",
      env: { NO_COLOR: "1" },
      sessionId: "s1",
      onCommand,
    });
    expect(workspaceEnv).toHaveProperty("GIT_CEILING_DIRECTORIES");
  });

  it("is not harmed by listeners that throw", async () => {
    const agent = createAgent((run) => run.onEvent({ type: "message", text: "x" }));
    const { run } = createTasks({ agent });
    const oops = (): never => {
      throw new Error("listener");
    };
    expect((await run({ onEvent: oops, onRoute: oops })).summary).toBe("done");
  });

  it("hears nothing of an agent that has ended", async () => {
    let late: HarnessRun["onEvent"] = () => undefined;
    const agent = createAgent((run) => {
      late = run.onEvent;
    });
    const { run, events } = createTasks({ agent });
    await run();
    const before = events.length;
    late({ type: "message", text: "still here" });
    expect(events).toHaveLength(before);
  });
});

describe("fail-over between agents", () => {
  it("asks the next agent in the same workspace while nothing has changed", async () => {
    const first = failing("ATLAS_HARNESS_FAILED");
    const second = createAgent(writing("a.txt"));
    const { run, workspaces } = createTasks({ first, second });
    const { harness, route } = await run();
    expect(harness).toBe("second");
    expect(route?.attempts.map(({ candidate, outcome, code }) => [candidate, outcome, code])).toEqual([
      ["first", "failed", "ATLAS_HARNESS_FAILED"],
      ["second", "answered", undefined],
    ]);
    expect(first.runs[0]?.cwd).toBe(second.runs[0]?.cwd);
    expect(first.runs[0]?.runId).not.toBe(second.runs[0]?.runId);
    expect(workspaces.calls.filter((call) => call === "open")).toHaveLength(1);
  });

  it("ends with the failure once an agent has changed something, and keeps the work", async () => {
    const first = failing("ATLAS_HARNESS_RATE_LIMITED", writing("b.txt"));
    const second = createAgent();
    const { run, project } = createTasks({ first, second });
    const error = await run({ mode: "apply" }).catch((thrown: unknown) => thrown);
    expect(isHarnessError(error, "ATLAS_HARNESS_RATE_LIMITED") && error.details.diff).toBe("b.txt: new\n");
    expect(isHarnessError(error) && error.route?.attempts.map(({ outcome }) => outcome)).toEqual([
      "rate_limited",
    ]);
    expect(second.runs).toEqual([]);
    expect(project()).toBe("old");
  });

  it("in plan mode does not show what was changed", async () => {
    const { run } = createTasks({
      first: failing("ATLAS_HARNESS_FAILED", writing("b.txt")),
      second: createAgent(),
    });
    const error = await run({ mode: "plan" }).catch((thrown: unknown) => thrown);
    expect(isHarnessError(error, "ATLAS_HARNESS_FAILED") && error.details).toEqual({ harness: "first" });
  });

  it("stops where nobody knows whether something has changed", async () => {
    const second = createAgent();
    const { run, workspaces } = createTasks({ first: failing("ATLAS_HARNESS_FAILED"), second });
    workspaces.fail("changes", new Error("git is gone"));
    await expect(run()).rejects.toMatchObject({ code: "ATLAS_HARNESS_FAILED" });
    expect(second.runs).toEqual([]);
  });

  it("rejects with all failures if no agent did it", async () => {
    const drivers = { first: failing("ATLAS_HARNESS_FAILED"), second: failing("ATLAS_HARNESS_RATE_LIMITED") };
    const { run } = createTasks(drivers);
    const routes: Route[] = [];
    const error = await run({ onRoute: (route) => routes.push(route) }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "ATLAS_HARNESS_ALL_FAILED",
      details: { profile: "quality" },
      message:
        'No agent of the profile "quality" did the task. first: first is tired; second: second is tired.',
      retryable: true,
    });
    expect(isHarnessError(error) && error.route).toEqual(routes[0]);
  });

  it("asks each agent once", async () => {
    const first = failing("ATLAS_HARNESS_RATE_LIMITED");
    const { run } = createTasks({ first });
    await expect(run()).rejects.toThrow();
    expect(first.runs).toHaveLength(1);
  });

  it("passes over an agent that is not there, with the reason, and one that cannot be run in the mode", async () => {
    const absent = createAgent(undefined, {
      available: async () => ({ installed: false, reason: "install it" }),
    });
    const broken = createAgent(undefined, { available: () => Promise.reject(new Error("no disk")) });
    const planner = createAgent(undefined, { modes: ["plan"] });
    const last = createAgent();
    const { run, router } = createTasks({ absent, broken, planner, last });
    const { route, harness } = await run();
    expect(harness).toBe("last");
    expect(route?.skipped).toEqual([
      { candidate: "absent", reason: "install it" },
      { candidate: "broken", reason: "whether it is there cannot be found out: no disk" },
    ]);
    expect(route?.attempts[0]).toMatchObject({
      candidate: "planner",
      outcome: "rejected",
      code: "ATLAS_HARNESS_INPUT_REFUSED",
    });
    expect([absent, broken, planner].flatMap(({ runs }) => runs)).toEqual([]);
    expect(router.explainRoute().candidates.map(({ candidate, state }) => [candidate, state])).toEqual([
      ["absent", "skipped"],
      ["broken", "skipped"],
      ["planner", "ready"],
      ["last", "ready"],
    ]);
  });

  it("makes no copy where no agent can be asked", async () => {
    const absent = createAgent(undefined, { available: async () => ({ installed: false }) });
    const { run, workspaces } = createTasks({ absent });
    await expect(run()).rejects.toThrow(
      'No agent of the profile "quality" did the task. absent: skipped, it is not installed.',
    );
    await expect(run({ harness: "absent" })).rejects.toMatchObject({
      code: "ATLAS_HARNESS_UNAVAILABLE",
      message: '"absent" cannot be asked: it is not installed.',
    });
    expect(workspaces.calls).toEqual([]);
  });

  it("looks for an agent once a minute", async () => {
    const clock = createFakeClock();
    let looks = 0;
    const agent = createAgent(undefined, {
      available: async () => {
        looks += 1;
        return { installed: true, version: `1.${looks}` };
      },
    });
    const { run, router } = createTasks({ agent }, { clock });
    await Promise.all([run(), router.available()]);
    expect(looks).toBe(1);
    clock.advance(60_000);
    expect((await router.available())["agent"]).toEqual({ installed: true, version: "1.2" });
    expect((await router.available())["noop"]).toEqual({ installed: true });
  });

  it("does not wait for a look that takes too long", async () => {
    const clock = createFakeClock();
    const agent = createAgent(undefined, { available: () => new Promise(() => undefined) });
    const { router } = createTasks({ agent }, { clock });
    const { agent: found } = await clock.run(router.available());
    expect(found).toEqual({ installed: false, reason: "it did not say within 20 s whether it is there" });
  });

  it("asks only the agent that the task names", async () => {
    const first = createAgent();
    const second = failing("ATLAS_HARNESS_FAILED");
    const { run } = createTasks({ first, second });
    await expect(run({ harness: "second" })).rejects.toMatchObject({
      code: "ATLAS_HARNESS_FAILED",
      route: { attempts: [{ candidate: "second" }], skipped: [] },
    });
    expect(first.runs).toEqual([]);
  });

  it.each(["ATLAS_HARNESS_REPOSITORY_UNFIT", "ATLAS_HARNESS_WORKSPACE_FAILED"] as const)(
    "asks nobody else after %s",
    async (code) => {
      const first = createAgent();
      const second = createAgent();
      const { run, workspaces } = createTasks({ first, second });
      const details = { root: "/r", reason: "bare", path: "/r" };
      workspaces.fail("open", new HarnessError(code, details, "no"));
      const error = await run().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code,
        message: "no",
        route: { attempts: [{ candidate: "first", outcome: "rejected" }] },
      });
      expect([...first.runs, ...second.runs]).toEqual([]);
      // The agent is not blamed.
      expect((await run()).harness).toBe("first");
    },
  );

  it("asks nobody else where a driver could not write its files", async () => {
    const first = createAgent(() => {
      throw new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: "/full" }, "the disk is full");
    });
    const second = createAgent();
    const { run } = createTasks({ first, second });
    await expect(run()).rejects.toMatchObject({ code: "ATLAS_HARNESS_WORKSPACE_FAILED" });
    expect(second.runs).toEqual([]);
  });

  it("looks again for an agent that was there and has gone", async () => {
    let looks = 0;
    const agent = createAgent(
      () => {
        throw new HarnessError("ATLAS_HARNESS_UNAVAILABLE", { harness: "agent" }, "it has gone");
      },
      {
        available: async () => {
          looks += 1;
          return { installed: looks === 1, reason: "not any more" };
        },
      },
    );
    const { run, router } = createTasks({ agent });
    await expect(run()).rejects.toThrow("it has gone");
    expect((await router.available())["agent"]).toEqual({ installed: false, reason: "not any more" });
  });

  it("keeps keys that an agent repeats out of the evidence", async () => {
    const agent = createAgent(() => {
      throw new HarnessError("ATLAS_HARNESS_FAILED", { harness: "agent" }, "wrong key sk-canary0123456789");
    });
    const { run } = createTasks({ agent });
    const error = await run().catch((thrown: unknown) => thrown);
    expect(isHarnessError(error) && error.route?.attempts[0]?.message).toBe("wrong key [redacted]");
    expect(String(error)).not.toContain("canary");
    await expect(run({ harness: "agent" })).rejects.toThrow("wrong key [redacted]");
  });

  it("gives an agent two tasks at a time", async () => {
    const gates: (() => void)[] = [];
    const agent = createAgent(
      () => new Promise<undefined>((resolve) => gates.push(() => resolve(undefined))),
    );
    const { run } = createTasks({ agent });
    const tasks = [run(), run(), run()];
    await agent.asked(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(agent.runs).toHaveLength(2);
    gates[0]?.();
    await agent.asked(3);
    for (const open of gates) open();
    await Promise.all(tasks);
  });

  it("wraps what a driver throws that is no error of ours", async () => {
    const agent = createAgent(() => {
      throw new TypeError("oops");
    });
    const { run } = createTasks({ agent });
    await expect(run({ harness: "agent" })).rejects.toMatchObject({
      code: "ATLAS_HARNESS_FAILED",
      message: '"agent" failed: oops',
      cause: expect.any(TypeError),
    });
  });
});

describe("what cannot be applied", () => {
  it("is kept in the error of a conflict", async () => {
    const { run, workspaces, project } = createTasks({ agent: createAgent(writing("a.txt")) });
    const details = { root: "/r", conflicts: [{ path: "a.txt", reason: "changed" }] };
    workspaces.fail("mergeBack", new HarnessError("ATLAS_HARNESS_CONFLICT", details, "it moved on"));
    const error = await run({ mode: "apply" }).catch((thrown: unknown) => thrown);
    expect(isHarnessError(error, "ATLAS_HARNESS_CONFLICT") && error.details).toEqual({
      ...details,
      diff: "a.txt: new\n",
    });
    expect(isHarnessError(error) && error.route?.candidate).toBe("agent");
    expect(project()).toBe("old");
  });
});

it("is not applied if its caller gives up meanwhile", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { run, workspaces, project } = createTasks({ agent: createAgent(writing("a.txt")) });
  const onEvent = (event: HarnessEvent): void => {
    if (event.type === "state" && event.state === "collecting") controller.abort(reason);
  };
  await expect(run({ mode: "apply", signal: controller.signal, onEvent })).rejects.toBe(reason);
  expect(workspaces.calls).toEqual(["open", "changes", "close"]);
  expect(project()).toBe("old");
});

describe("noop", () => {
  it("stands in for agents where it is listed, and says so", async () => {
    const { run, warnings } = createTasks(
      { agent: failing("ATLAS_HARNESS_FAILED") },
      { config: { profiles: { quality: ["agent", "noop"] } } },
    );
    const result = await run();
    expect(result).toMatchObject({ harness: "noop", degraded: true, outputs: [], mode: "propose" });
    expect(warnings.at(-1)).toMatch(/"noop" stood in for an agent. agent: agent is tired/);
  });

  it("is no stand-in where nobody else is listed, and what there is without configuration", async () => {
    const { run } = createTasks({}, { config: undefined });
    const result = await run({ profile: "any" });
    expect(result).toMatchObject({ harness: "noop", summary: expect.stringContaining("Nothing was done") });
    expect(result.degraded).toBeUndefined();
  });
});

describe("the time of a task", () => {
  it("ends an attempt of a driver that does not end by itself", async () => {
    const clock = createFakeClock();
    const ended = (run: HarnessRun): Promise<never> =>
      new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(new Error("ended"))));
    const agent = createAgent(ended, { timeoutMs: 1_000 });
    const { run } = createTasks({ agent }, { clock });
    const task = run({ harness: "agent" });
    await agent.asked(1);
    clock.advance(2_999);
    expect(agent.runs[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    await expect(task).rejects.toMatchObject({
      code: "ATLAS_HARNESS_TIMED_OUT",
      details: { harness: "agent", timeoutMs: 1_000 },
    });
  });

  it("is not prolonged by a driver that ignores its end", async () => {
    const clock = createFakeClock();
    const agent = createAgent(() => new Promise<never>(() => undefined), { timeoutMs: 1_000 });
    const { run } = createTasks({ agent }, { clock });
    const task = run({ harness: "agent" });
    await agent.asked(1);
    clock.advance(3_000);
    clock.advance(20_000);
    await expect(task).rejects.toMatchObject({ code: "ATLAS_HARNESS_TIMED_OUT" });
  });

  it("does not take a result that comes after the end", async () => {
    const clock = createFakeClock();
    const agent = createAgent(
      (run) =>
        new Promise((resolve) => run.signal.addEventListener("abort", () => resolve({ summary: "half" }))),
      { timeoutMs: 1_000 },
    );
    const { run } = createTasks({ agent }, { clock });
    const task = run({ harness: "agent" });
    await agent.asked(1);
    clock.advance(3_000);
    await expect(task).rejects.toMatchObject({ code: "ATLAS_HARNESS_TIMED_OUT" });
  });

  it("is shared by all agents, and what was changed by then is in the error", async () => {
    const clock = createFakeClock();
    const agent = createAgent((run) => {
      writing("a.txt")(run);
      return new Promise<never>((_, reject) =>
        run.signal.addEventListener("abort", () => reject(run.signal.reason)),
      );
    });
    const { run } = createTasks({ agent }, { clock });
    const task = run({ deadlineMs: 500 });
    await agent.asked(1);
    clock.advance(500);
    const error = await task.catch((thrown: unknown) => thrown);
    expect(isHarnessError(error, "ATLAS_HARNESS_TIMED_OUT") && error.details).toEqual({
      harness: "agent",
      timeoutMs: 500,
      diff: "a.txt: new\n",
    });
    expect(isHarnessError(error) && error.route?.attempts[0]?.outcome).toBe("timed_out");
  });

  it("is half an hour, unless something else is said", async () => {
    const clock = createFakeClock();
    const untilAborted = (run: HarnessRun): Promise<never> =>
      new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(run.signal.reason)));
    const agent = createAgent(untilAborted, { timeoutMs: 10_000_000 });
    const { run } = createTasks({ agent }, { clock });
    const task = run();
    await agent.asked(1);
    clock.advance(1_799_999);
    expect(agent.runs[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    await expect(task).rejects.toMatchObject({ code: "ATLAS_HARNESS_ALL_FAILED" });
  });

  it("ends with the caller's reason, after the agent has ended and its workspace is removed", async () => {
    const order: string[] = [];
    const controller = new AbortController();
    const reason = new Error("enough");
    const agent = createAgent(
      (run) =>
        new Promise((_, reject) =>
          run.signal.addEventListener("abort", () =>
            setImmediate(() => {
              order.push("agent ended");
              reject(run.signal.reason);
            }),
          ),
        ),
    );
    const { run, workspaces } = createTasks({ agent, other: createAgent() });
    const routes: Route[] = [];
    const task = run({ signal: controller.signal, onRoute: (route) => routes.push(route) }).catch(
      (error: unknown) => {
        order.push(...workspaces.calls.slice(-1));
        return error;
      },
    );
    await agent.asked(1);
    controller.abort(reason);
    expect(await task).toBe(reason);
    expect(order).toEqual(["agent ended", "close"]);
    expect(workspaces.calls).toEqual(["open", "close"]);
    expect(routes[0]?.attempts).toMatchObject([{ candidate: "agent", outcome: "aborted" }]);
    await expect(run({ signal: controller.signal })).rejects.toBe(reason);
    expect(agent.runs).toHaveLength(1);
  });

  it("ends with an AbortError when the runtime stops, which takes no further tasks", async () => {
    const agent = createAgent(
      (run) =>
        new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(run.signal.reason))),
    );
    let stops = 0;
    const processes: OwnedProcesses = {
      find: () => Promise.reject(new Error("not asked")),
      run: () => Promise.reject(new Error("not asked")),
      start: () => Promise.reject(new Error("not asked")),
      stop: async () => {
        stops += 1;
      },
    };
    const { run, router, workspaces } = createTasks({ agent }, { processes });
    const task = run().catch((error: unknown) => error);
    await agent.asked(1);
    const stopping = router.stop();
    expect(router.stop()).toBe(stopping);
    await stopping;
    expect([workspaces.calls.at(-1), stops]).toEqual(["close", 1]);
    expect(await task).toMatchObject({ name: "AbortError" });
    await expect(run()).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a wrong task", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ goal: "" }, "runTask: `goal` is empty. Say what the agent is to do."],
    [{ goal: " \n" }, "`goal` is empty"],
    [{ goal: 3 }, "`goal` must be a text, but is number."],
    [{ goal: "a\0b" }, "`goal` holds a NUL character"],
    [{ cwd: "" }, "`cwd` is empty"],
    [{ cwd: undefined }, "`cwd` must be a text, but is undefined."],
    [{ mode: "aply" }, '`mode` must be one of plan, propose, apply, but is "aply". Did you mean "apply"?'],
    [{ whenBusy: "never" }, "`whenBusy` must be one of wait, refuse"],
    [{ harness: "agnt" }, 'there is no harness "agnt". Did you mean "agent"?'],
    [{ harness: "agent", profile: "quality" }, "`harness` and `profile` exclude each other"],
    [{ sessionId: "s1" }, "`sessionId` needs `harness`"],
    [{ harness: "agent", sessionId: "--last" }, '`sessionId` begins with "-"'],
    [{ model: "" }, "`model` is empty"],
    [{ model: "-m" }, '`model` begins with "-"'],
    [{ inPlace: true }, '`inPlace` needs `mode: "apply"`'],
    [{ inPlace: "yes", mode: "apply" }, "`inPlace` must be true or false"],
    [{ deadlineMs: 0 }, "`deadlineMs` must be a number over 0, but is 0."],
    [{ deadlineMs: Number.NaN }, "`deadlineMs` must be a number over 0"],
    [{ contextPaths: "src" }, "`contextPaths` must be a list"],
    [
      { contextPaths: ["src", "../x"] },
      '`contextPaths[1]` must be a path below `cwd`, relative to it and without "..", but is "../x".',
    ],
    [{ contextPaths: ["/etc/passwd"] }, "`contextPaths[0]` must be a path below"],
    [{ contextPaths: ["-x"] }, "`contextPaths[0]` must be a path below"],
    [{ contextPaths: [""] }, "`contextPaths[0]` must be a path below"],
    [{ contextPaths: [null] }, "`contextPaths[0]` must be a text, but is null."],
    [{ env: ["A"] }, "`env` must be an object"],
    [{ env: { A: 1 } }, "`env.A` must be a text, but is number."],
    [{ env: { A: "a\0" } }, "`env.A` holds a NUL"],
    [{ signal: {} }, "`signal` must be an AbortSignal"],
    [{ gaol: "x" }, 'runTask: "gaol" is not an option. Did you mean "goal"?'],
  ])("%j is refused", async (task, message) => {
    const agent = createAgent();
    const { run, workspaces } = createTasks({ agent });
    const error = await run(task).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(message);
    expect([...agent.runs, ...workspaces.calls]).toEqual([]);
  });

  it("without an object is refused", async () => {
    const { router } = createTasks({});
    await expect(Reflect.apply(router.runTask, router, [])).rejects.toThrow(TypeError);
  });

  it("outside of the roots, and one with an unknown profile, asks nobody", async () => {
    const agent = createAgent();
    const { run, workspaces } = createTasks({ agent }, { roots: [join(process.cwd(), "nowhere")] });
    await expect(run()).rejects.toMatchObject({ code: "ATLAS_HARNESS_CWD_REFUSED" });
    await expect(run({ profile: "qualty" })).rejects.toMatchObject({ code: "ATLAS_ROUTING_PROFILE_UNKNOWN" });
    expect([...agent.runs, ...workspaces.calls]).toEqual([]);
  });
});
