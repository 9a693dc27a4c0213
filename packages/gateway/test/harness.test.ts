import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HarnessError, type HarnessResult, type HarnessRuntime, type HarnessTask } from "@atlas/harness";
import type { WorkflowPlugin } from "@atlas/plugins";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";

const result: HarnessResult = { mode: "propose", summary: "Renamed it.", outputs: [] };

function agent(work: (task: HarnessTask) => HarnessResult | Promise<HarnessResult>): HarnessRuntime {
  return { runTask: async (task) => work(task) };
}

const coding = (task: Partial<HarnessTask> = {}): WorkflowPlugin => ({
  id: "code.v1",
  async run({ harness, emitArtifact }) {
    await harness?.runTask({ goal: "rename the secret file", cwd: ".", ...task });
    await emitArtifact({ type: "note", content_md: "done" });
  },
});

async function open(options: Partial<GatewayOptions>) {
  const gateway = await createGateway({ database: ":memory:", env: {}, log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

async function run(options: Partial<GatewayOptions>, { attempts = 1 } = {}) {
  const gateway = await open({ workflows: [coding()], ...options });
  const context = { correlation_id: "request-7" };
  const { id } = await gateway.jobs.create({ workflow_id: "code.v1", max_attempts: attempts, context });
  const { status } = await gateway.jobs.wait(id);
  const [artifact] = (await gateway.repo.findArtifacts({ job_id: id })).items;
  return { gateway, id, status, artifact, runs: await gateway.repo.harness.listRuns(id) };
}

describe("what a job asked of coding agents", () => {
  it("is kept with the job: who, what it changed, what it used, and no goal", async () => {
    const { runs } = await run({
      harness: agent(({ mode = "propose" }) => ({
        ...result,
        mode,
        harness: "codex-cli",
        exitCode: 0,
        sessionId: "s-1",
        usage: { inputTokens: 30, outputTokens: 4, cachedInputTokens: 10, reasoningTokens: 2 },
        cost: { amountMicrousd: 1_200 },
        files: [{ path: "b.txt", change: "renamed", from: "a.txt" }],
        truncated: true,
        route: {
          profile: "fast",
          candidate: "codex-cli",
          attempts: [
            {
              candidate: "claude-code",
              outcome: "misconfigured",
              code: "ATLAS_HARNESS_MISCONFIGURED",
              message: "Not logged in.",
              waitedMs: 0,
              durationMs: 5,
            },
            {
              candidate: "codex-cli",
              outcome: "answered",
              waitedMs: 1,
              durationMs: 7,
              usage: { inputTokens: 30 },
            },
          ],
          skipped: [{ candidate: "gemini-cli", reason: "it is not installed" }],
          durationMs: 13,
        },
      })),
    });
    expect(runs).toEqual([
      {
        job_id: expect.any(String),
        attempt: 1,
        number: 1,
        at: expect.any(String),
        duration_ms: expect.any(Number),
        mode: "propose",
        status: "answered",
        profile: "fast",
        harness: "codex-cli",
        exit_code: 0,
        session_id: "s-1",
        input_tokens: 30,
        output_tokens: 4,
        cached_input_tokens: 10,
        reasoning_tokens: 2,
        cost_microusd: 1_200,
        correlation_id: "request-7",
        degraded: false,
        truncated: true,
        files: [{ path: "b.txt", change: "renamed", from: "a.txt" }],
        tries: [
          {
            candidate: "claude-code",
            outcome: "misconfigured",
            code: "ATLAS_HARNESS_MISCONFIGURED",
            message: "Not logged in.",
            waited_ms: 0,
            duration_ms: 5,
          },
          {
            candidate: "codex-cli",
            outcome: "answered",
            waited_ms: 1,
            duration_ms: 7,
            usage: { input_tokens: 30 },
          },
        ],
        skipped: [{ candidate: "gemini-cli", reason: "it is not installed" }],
      },
    ]);
  });

  it("is kept of a task that failed: its code, its route and what was paid", async () => {
    const { status, runs } = await run({
      harness: agent(() => {
        throw new HarnessError(
          "ATLAS_HARNESS_DENIED",
          { harness: "claude-code", exitCode: 0, sessionId: "s-2", usage: { inputTokens: 8 } },
          "It was not allowed to write.",
        );
      }),
    });
    expect(status).toBe("failed");
    expect(runs).toMatchObject([
      {
        status: "failed",
        error_code: "ATLAS_HARNESS_DENIED",
        harness: "claude-code",
        exit_code: 0,
        session_id: "s-2",
        input_tokens: 8,
        tries: [],
      },
    ]);
  });

  it("is kept of a task that was aborted, with what its router said on the way", async () => {
    const over = new AbortController();
    const { runs } = await run({
      workflows: [coding({ signal: over.signal })],
      harness: agent(({ onRoute, signal }) => {
        over.abort(new Error("enough"));
        onRoute?.({
          profile: "fast",
          attempts: [
            {
              candidate: "codex-cli",
              outcome: "aborted",
              waitedMs: 0,
              durationMs: 3,
              usage: { inputTokens: 5 },
            },
          ],
          skipped: [],
          durationMs: 3,
        });
        throw signal?.reason;
      }),
    });
    expect(runs).toMatchObject([
      { status: "failed", profile: "fast", input_tokens: 5, tries: [{ outcome: "aborted" }] },
    ]);
  });

  it("is not kept where nobody was asked, because the call was wrong", async () => {
    const { status, runs } = await run({
      harness: agent(() => {
        throw new TypeError("runTask takes a goal.");
      }),
    });
    expect([status, runs]).toEqual(["failed", []]);
  });

  it("is kept whatever an agent says of itself", async () => {
    const { status, runs } = await run({
      harness: agent(() => ({
        ...result,
        harness: "h".repeat(5_000),
        exitCode: Number.NaN,
        sessionId: "half \ud83d",
        usage: { inputTokens: Number.NaN, outputTokens: 1.6 },
        cost: { amountMicrousd: Number.POSITIVE_INFINITY },
        files: Array.from({ length: 1_200 }, (_, index) => ({
          path: `${index}.txt`,
          change: "added" as const,
        })),
      })),
    });
    expect(status).toBe("succeeded");
    expect(runs).toMatchObject([
      {
        harness: "h".repeat(1_000),
        session_id: "half \ufffd",
        output_tokens: 2,
        cost_microusd: Number.MAX_SAFE_INTEGER,
        truncated: true,
      },
    ]);
    expect(runs[0]?.files).toHaveLength(1_000);
    expect(runs[0]).not.toHaveProperty("exit_code");
    expect(runs[0]).not.toHaveProperty("input_tokens");
  });

  it("is numbered within its attempt", async () => {
    let tasks = 0;
    const { runs } = await run(
      {
        workflows: [
          {
            ...coding(),
            retry: { firstDelayMs: 1 },
            async run({ harness }) {
              await harness?.runTask({ goal: "one", cwd: "." });
              await harness?.runTask({ goal: "two", cwd: "." });
            },
          },
        ],
        harness: agent(() => {
          tasks += 1;
          if (tasks === 2) throw new Error("It broke.");
          return result;
        }),
      },
      { attempts: 2 },
    );
    expect(runs.map(({ attempt, number, status }) => [attempt, number, status])).toEqual([
      [1, 1, "answered"],
      [1, 2, "failed"],
      [2, 1, "answered"],
      [2, 2, "answered"],
    ]);
  });

  it("goes with its job", async () => {
    const workflow: WorkflowPlugin = {
      id: "code.v1",
      run: async ({ harness }) => void (await harness?.runTask({ goal: "rename", cwd: "." })),
    };
    const { gateway, id, runs } = await run({ workflows: [workflow], harness: agent(() => result) });
    expect(runs).toHaveLength(1);
    const events = (await gateway.repo.listDomainEvents({ limit: 100 })).items;
    await gateway.commands.enqueue({
      type: "domainEvent.markDelivered",
      id: events[0]?.id ?? "",
      through_seq: events.at(-1)?.seq ?? 0,
    });
    const before = "2999-01-01T00:00:00.000Z";
    await gateway.store.prune({ domain_events_before: before, jobs_before: before });
    expect(await gateway.repo.harness.listRuns(id)).toEqual([]);
    expect(await gateway.store.verify()).toMatchObject({ status: "verified" });
  });
});

describe("noop in place of an agent", () => {
  it("leaves its mark on what the same attempt makes of its answer", async () => {
    const { artifact } = await run({ harness: agent(() => ({ ...result, degraded: true })) });
    expect(artifact?.data).toEqual({ degraded: true });
  });

  it("leaves its mark on the artifacts of the job, also those of a later attempt", async () => {
    let attempts = 0;
    const { artifact, runs } = await run(
      {
        workflows: [
          {
            id: "code.v1",
            retry: { firstDelayMs: 1 },
            async run({ harness, emitArtifact, step }) {
              await step(
                "ask",
                async () => (await harness?.runTask({ goal: "rename", cwd: "." }))?.summary ?? "",
              );
              attempts += 1;
              if (attempts === 1) throw new Error("once");
              await emitArtifact({ type: "note", content_md: "done", data: { kept: true } });
            },
          },
        ],
        harness: agent(() => ({ ...result, degraded: true })),
      },
      { attempts: 2 },
    );
    expect(runs).toMatchObject([{ degraded: true }]);
    expect(artifact?.data).toEqual({ kept: true, degraded: true });
  });
});

describe("the progress of a job", () => {
  it("says what its agent does, beside the numbers of the workflow, until the attempt is over", async () => {
    let late: HarnessTask["onEvent"];
    const gateway = await open({
      workflows: [
        {
          id: "code.v1",
          async run({ harness, progress }) {
            progress({ done: 2, total: 9 });
            await harness?.runTask({ goal: "rename", cwd: "." });
          },
        },
      ],
      harness: agent(({ onEvent }) => {
        late = onEvent;
        onEvent?.({ type: "state", harness: "codex-cli", state: "running" });
        onEvent?.({ type: "message", harness: "codex-cli", text: "\nI look around.\nThen I begin." });
        onEvent?.({ type: "output", harness: "codex-cli", stream: "stdout", line: "{}" });
        onEvent?.({
          type: "tool_call",
          harness: "codex-cli",
          name: "shell",
          status: "started",
          detail: "mv a b",
        });
        onEvent?.({ type: "tool_call", harness: "codex-cli", name: "shell", status: "completed" });
        onEvent?.({ type: "tool_call", harness: "codex-cli", name: "shell", status: "denied" });
        onEvent?.({ type: "file_change", harness: "codex-cli", path: "b", change: "added" });
        onEvent?.({ type: "usage", harness: "codex-cli", usage: { inputTokens: 1 } });
        return result;
      }),
    });
    const said: unknown[] = [];
    gateway.jobs.progress.listen((_, progress) => said.push(progress));
    const { id } = await gateway.jobs.create({ workflow_id: "code.v1" });
    await gateway.jobs.wait(id);
    late?.({ type: "message", harness: "codex-cli", text: "too late" });
    expect(gateway.jobs.progress.of(id)).toBeUndefined();
    expect(said).toEqual([
      { done: 2, total: 9 },
      { done: 2, total: 9, message: "codex-cli: running" },
      { done: 2, total: 9, message: "codex-cli: I look around." },
      { done: 2, total: 9, message: "codex-cli: shell mv a b" },
      { done: 2, total: 9, message: "codex-cli: shell denied" },
      { done: 2, total: 9, message: "codex-cli: added b" },
    ]);
  });

  it("is not lost on a listener of the task itself", async () => {
    const heard: string[] = [];
    const { status } = await run({
      workflows: [coding({ onEvent: ({ type }) => heard.push(type), onRoute: () => heard.push("route") })],
      harness: agent(({ onEvent, onRoute }) => {
        onEvent?.({ type: "message", harness: "codex-cli", text: "Hello" });
        onRoute?.({ profile: "fast", attempts: [], skipped: [], durationMs: 1 });
        return result;
      }),
    });
    expect([status, heard]).toEqual(["succeeded", ["message", "route"]]);
  });
});

describe("the options for agents", () => {
  const profiles = { harness: { profiles: { fast: ["noop"] } } };

  it.each<[string, Partial<GatewayOptions>, string]>([
    [
      "a runtime and options",
      { harness: agent(() => result), agents: {} },
      "`harness` cannot be combined with `agents`",
    ],
    [
      "a runtime and a routing file with agents",
      { harness: agent(() => result), routing: profiles },
      "`harness` cannot be combined with a `harness` part of `routing`",
    ],
    ["an unknown option", { agents: { root: ["/"] } as never }, '"root" is not an option'],
  ])("are refused: %s", async (_, options, message) => {
    await expect(createGateway({ database: ":memory:", log: silentLogger, ...options })).rejects.toThrow(
      message,
    );
  });
});

describe("the agents of a routing file", () => {
  /** A folder with a repository in it, and a program that appends a line to a file of the folder that it works in. */
  function prepare() {
    const root = mkdtempSync(join(tmpdir(), "atlas-agents-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const project = join(root, "project");
    const bin = join(root, "bin");
    for (const folder of [project, bin]) mkdirSync(folder);
    execFileSync("git", ["init", "--quiet", project]);
    writeFileSync(join(project, "a.txt"), "one\n");
    const program = '#!/bin/sh\necho "I add: $2"\necho "$2" >> a.txt\n';
    writeFileSync(join(bin, "my-tool"), program, { mode: 0o755 });
    const options: Partial<GatewayOptions> = {
      env: { PATH: `${bin}:${process.env["PATH"]}` },
      routing: {
        harness: { profiles: { quality: ["codex-cli", "my-tool"] } },
        harnesses: { "my-tool": { command: "my-tool", args_template: ["--task", "{goal}"] } },
      },
      agents: { roots: [root], stateDir: join(root, "state"), keepGoals: true },
    };
    return { root, project, options };
  }

  it("work on a copy, and on the files themselves where the task says so; both is kept with the job", async () => {
    const { root, project, options } = prepare();
    const { status, runs, gateway } = await run({
      ...options,
      workflows: [
        {
          id: "code.v1",
          capabilities: ["harness"],
          async run({ harness, emitArtifact }) {
            const proposed = await harness?.runTask({ goal: "two", cwd: project });
            const untouched = readFileSync(join(project, "a.txt"), "utf8");
            await emitArtifact({ type: "seen", content_md: untouched });
            expect(proposed?.outputs[0]).toMatchObject({ type: "diff", source: "workspace" });
            await harness?.runTask({ goal: "three", cwd: project, mode: "apply" });
          },
        },
      ],
    });
    expect(status).toBe("succeeded");
    expect(readFileSync(join(project, "a.txt"), "utf8")).toBe("one\nthree\n");
    const { items } = await gateway.repo.findArtifacts({ type: "seen" });
    expect(items[0]?.content_md).toBe("one\n");
    const files = [{ path: "a.txt", change: "modified" }];
    const skipped = [{ candidate: "codex-cli", reason: expect.stringContaining("Install it") }];
    expect(runs).toMatchObject([
      { mode: "propose", harness: "my-tool", exit_code: 0, goal: "two", files, skipped, degraded: false },
      { mode: "apply", harness: "my-tool", goal: "three", files },
    ]);
    expect(readdirSync(join(root, "state", "workspaces"))).toEqual([]);
    expect(gateway.harness?.explainRoute("quality").candidates.map(({ candidate }) => candidate)).toEqual([
      "codex-cli",
      "my-tool",
    ]);
    expect(await gateway.harness?.available()).toMatchObject({
      "codex-cli": { installed: false },
      "my-tool": { installed: true },
    });
  });

  it("begin with an end to what a killed gateway has left", async () => {
    const { root, options } = prepare();
    const left = join(root, "state", "workspaces", "left-by-nobody");
    mkdirSync(left, { recursive: true });
    await open(options);
    expect(existsSync(left)).toBe(false);
  });

  it("refuse a folder outside of the roots, whoever asks", async () => {
    const { options } = prepare();
    const gateway = await open(options);
    await expect(gateway.harness?.runTask({ goal: "two", cwd: "/" })).rejects.toMatchObject({
      code: "ATLAS_HARNESS_CWD_REFUSED",
    });
  });

  it("end with the gateway, and their task is tried again after the next start", async () => {
    const { root, project, options } = prepare();
    const started = Promise.withResolvers<void>();
    const hanging: Partial<GatewayOptions> = {
      ...options,
      database: join(root, "gateway.db"),
      graceMs: 500,
      agents: {
        ...options.agents,
        drivers: {
          "codex-cli": {
            async run({ signal }) {
              started.resolve();
              await new Promise((_, reject) => {
                signal.addEventListener("abort", () => reject(signal.reason));
              });
              return { summary: "", outputs: [] };
            },
          },
        },
      },
      workflows: [coding({ goal: "two", cwd: project })],
    };
    const first = await createGateway({ database: ":memory:", log: silentLogger, ...hanging });
    await first.start();
    const { id } = await first.jobs.create({ workflow_id: "code.v1" });
    await started.promise;
    await first.stop();
    expect(readdirSync(join(root, "state", "workspaces"))).toEqual([]);
    const second = await open({
      ...options,
      database: join(root, "gateway.db"),
      workflows: hanging.workflows ?? [],
    });
    expect((await second.jobs.wait(id)).status).toBe("succeeded");
    expect(await second.repo.harness.listRuns(id)).toMatchObject([
      { attempt: 1, status: "failed" },
      { attempt: 2, status: "answered", harness: "my-tool" },
    ]);
  });

  it("are gone when the gateway has stopped, also those that ignore every polite signal", async () => {
    const { root, project, options } = prepare();
    const program = "#!/bin/sh\ntrap '' INT TERM\ntouch \"$2\"\nwhile :; do sleep 1; done\n";
    writeFileSync(join(root, "bin", "my-tool"), program, { mode: 0o755 });
    const started = join(root, "started");
    const gateway = await open({
      ...options,
      graceMs: 1_000,
      workflows: [coding({ goal: started, cwd: project })],
    });
    await gateway.jobs.create({ workflow_id: "code.v1" });
    while (!existsSync(started)) await new Promise(setImmediate);
    const [record] = readdirSync(join(root, "state", "runs"));
    const runId = record?.replace(".json", "");
    expect(taggedWith(runId)).not.toEqual([]);
    await gateway.stop();
    expect(taggedWith(runId)).toEqual([]);
    expect(readdirSync(join(root, "state", "runs"))).toEqual([]);
  });
});

/** The processes that carry the tag of a run. */
function taggedWith(runId: string | undefined): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`ATLAS_HARNESS_RUN=${runId}\0`);
    } catch {
      // It is no process, has ended, or belongs to somebody else.
      return false;
    }
  });
}
