import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AcpDriverOptions, createAcpDriver } from "../../../src/drivers/acp/index.ts";
import type { HarnessRun, OwnedProcesses, ProgramEnd, UnnamedHarnessEvent } from "../../../src/index.ts";
import type { AcpScript, AcpStep } from "../../support/acp-script.ts";
import { createOwned, fixture, taggedPids } from "../../support/owned.ts";
import { serveAcpScript } from "../../support/serve-acp-script.ts";

interface Given extends Partial<Omit<HarnessRun, "onEvent">> {
  readonly script: AcpScript | ((cwd: string) => AcpScript);
  readonly options?: Partial<AcpDriverOptions>;
  readonly prepare?: (cwd: string) => void;
  readonly onEvent?: (event: UnnamedHarnessEvent) => void;
  readonly isProcess?: boolean;
}

/** Lets the scripted agent work in a folder of its own: in this process, which is quick, or in one of its own. */
function open({ script, options = {}, prepare, onEvent, isProcess = false, ...rest }: Given) {
  const cwd = mkdtempSync(join(tmpdir(), "acp-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  prepare?.(cwd);
  const given = typeof script === "function" ? script(cwd) : script;
  const owned = isProcess ? createOwned() : undefined;
  const runId = owned?.program("agent").runId ?? "run-1";
  const events: UnnamedHarnessEvent[] = [];
  const driver = createAcpDriver({
    command: process.execPath,
    args: [fixture("acp-agent.ts"), JSON.stringify(given)],
    ...options,
  });
  const run: HarnessRun = {
    runId,
    harness: "scripted",
    cwd,
    goal: "Add a file",
    mode: "propose",
    profile: "default",
    signal: new AbortController().signal,
    onEvent: (event) => {
      events.push(event);
      onEvent?.(event);
    },
    ...rest,
  };
  const host = { processes: owned?.processes ?? inThisProcess(given), env: { PATH: "/usr/bin:/bin" } };
  return { cwd, events, runId, host, result: () => driver.run(run, host), driver };
}

/** Processes that are none: the agent gets streams, and ends when it is told to. */
function inThisProcess(script: AcpScript): OwnedProcesses {
  const none = async (): Promise<never> => Promise.reject(new Error("Nothing is started here."));
  return {
    find: async (command) => command,
    run: none,
    async start() {
      const [input, output] = [new PassThrough(), new PassThrough()];
      const { promise: ended, resolve } = Promise.withResolvers<ProgramEnd>();
      serveAcpScript(script, { input, output, die: none, leave: none, noteCancel: none });
      const truncated = { stdout: false, stderr: false };
      const end = async (): Promise<ProgramEnd> => {
        output.end();
        resolve({ endedBy: "stop", durationMs: 1, truncated, leftOvers: 0 });
        return ended;
      };
      return { stdin: input, stdout: output, ended, end };
    },
    stop: async () => undefined,
  };
}

const edit = (path: string) => ({
  toolCallId: "edit-1",
  kind: "edit" as const,
  title: "Write",
  locations: [{ path }],
});
const command = { toolCallId: "run-1", kind: "execute" as const, rawInput: { command: "make test" } };

describe("an agent that speaks ACP", () => {
  it("gets the goal, and its words become the summary", async () => {
    const { result, events } = open({
      script: {
        steps: [
          { say: "Hel" },
          { say: "lo." },
          { update: { sessionUpdate: "tool_call", toolCallId: "1", title: "Look", kind: "search" } },
          { update: { sessionUpdate: "tool_call_update", toolCallId: "1", status: "completed" } },
          { update: { sessionUpdate: "tool_call_update", toolCallId: "1", status: "completed" } },
          { sayPrompt: true },
        ],
      },
      contextPaths: ["src/a.ts"],
    });
    expect(await result()).toEqual({
      summary: 'default  Add a file\n\nRead these first:\n- "src/a.ts"',
      outputs: [],
      sessionId: "session-1",
    });
    expect(events).toEqual([
      { type: "message", text: "Hello." },
      { type: "tool_call", status: "started", id: "1", name: "search", detail: "Look" },
      { type: "tool_call", status: "completed", id: "1", name: "search", detail: "Look" },
      { type: "message", text: expect.stringContaining("Add a file") },
    ]);
  });

  it("tells commands, changes, usage and cost", async () => {
    const { result, events, cwd } = open({
      script: (cwd) => ({
        steps: [
          {
            update: {
              sessionUpdate: "tool_call",
              toolCallId: "1",
              title: "Run",
              kind: "execute",
              rawInput: { command: ["make", "test"] },
            },
          },
          {
            update: {
              sessionUpdate: "tool_call_update",
              toolCallId: "1",
              status: "completed",
              rawOutput: { output: "ok", exit_code: 0 },
            },
          },
          {
            update: {
              sessionUpdate: "tool_call",
              toolCallId: "2",
              title: "Write",
              kind: "edit",
              status: "completed",
              content: [{ type: "diff", path: `${cwd}/new.txt`, newText: "x" }],
            },
          },
          {
            update: {
              sessionUpdate: "usage_update",
              used: 10,
              size: 100,
              cost: { amount: 0.25, currency: "USD" },
            },
          },
          { say: "Done." },
        ],
        answer: { _meta: { quota: { token_count: { input_tokens: 7, output_tokens: 5 } } } },
      }),
    });
    expect(await result()).toEqual({
      summary: "Done.",
      outputs: [{ type: "command_log", commands: [{ command: "test", exitCode: 0, output: "ok" }] }],
      usage: { inputTokens: 7, outputTokens: 5 },
      cost: { amountMicrousd: 250_000 },
      sessionId: "session-1",
    });
    expect(events).toContainEqual({ type: "file_change", path: "new.txt", change: "added" });
    expect(existsSync(join(cwd, "new.txt"))).toBe(false);
  });

  it("may edit the workspace once, and nothing else", async () => {
    const outside = mkdtempSync(join(tmpdir(), "outside-"));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    const { result, events } = open({
      prepare: (cwd) => symlinkSync(outside, join(cwd, "link")),
      script: (cwd) => ({
        steps: [
          { ask: edit(`${cwd}/a.txt`) },
          { ask: edit("b.txt") },
          { update: { sessionUpdate: "tool_call", ...edit(`${cwd}/a.txt`), status: "completed" } },
          { ask: { ...edit("/etc/passwd"), toolCallId: "2" } },
          { ask: { ...edit(`${cwd}/../x`), toolCallId: "3" } },
          { ask: { ...edit(`${cwd}/link/x`), toolCallId: "4" } },
          { ask: { ...edit(`${cwd}/.git/hooks/pre-commit`), toolCallId: "5" } },
          { ask: { toolCallId: "6", kind: "edit", title: "Write" } },
          { ask: { ...edit(`${cwd}/a.txt`), toolCallId: "7", rawInput: { file_path: "/etc/passwd" } } },
          { ask: { toolCallId: "8", kind: "read", locations: [{ path: "/etc/passwd" }] } },
          { ask: { toolCallId: "9", kind: "fetch", title: "http://127.0.0.1" } },
          { ask: { toolCallId: "10", kind: "switch_mode" } },
          { ask: { toolCallId: "11", title: "Anything" } },
          { ask: command },
          { ask: { toolCallId: "12", kind: "read", locations: [{ path: `${cwd}/a.txt` }] } },
        ],
      }),
    });
    await result();
    const said = events.flatMap((event) => (event.type === "message" ? [event.text] : [])).join("");
    expect(said).toBe(`[yes][yes]${"[no]".repeat(11)}[yes]`);
  });

  it("says each answer to each question", async () => {
    const { events, result } = open({
      script: (cwd) => ({
        steps: [{ ask: edit(`${cwd}/a.txt`) }, { ask: edit("/etc/passwd") }, { say: "." }],
      }),
    });
    await expect(result()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_DENIED",
      message: expect.stringContaining('"/etc/passwd" is not in the workspace'),
    });
    expect(events).toEqual([
      { type: "message", text: "[yes]" },
      {
        type: "tool_call",
        status: "denied",
        id: "edit-1",
        name: "edit",
        detail: expect.stringContaining("/etc/passwd"),
      },
      { type: "message", text: "[no]." },
    ]);
  });

  it("is never given a permission for all that follows", async () => {
    const options = [{ optionId: "always", kind: "allow_always" as const, name: "Always" }];
    const { result } = open({
      script: (cwd) => ({ steps: [{ ask: edit(`${cwd}/a.txt`), options }, { say: "." }] }),
    });
    await expect(result()).rejects.toMatchObject({ code: "ATLAS_HARNESS_DENIED" });
  });

  it("is allowed nothing in mode plan", async () => {
    const { result, cwd, events } = open({
      mode: "plan",
      onCommand: () => undefined,
      script: (cwd) => ({
        steps: [
          { ask: edit(`${cwd}/a.txt`) },
          { ask: { toolCallId: "2", kind: "read", locations: [{ path: `${cwd}/a.txt` }] } },
          { ask: command },
          { write: `${cwd}/a.txt`, content: "x" },
          { update: { sessionUpdate: "tool_call", toolCallId: "9", title: "Look", kind: "search" } },
          { say: "A plan." },
        ],
      }),
      options: { allow: ["execute", "fetch", "other"] },
    });
    expect(await result()).toMatchObject({
      summary: "A plan.",
      outputs: [{ type: "plan", text: "A plan." }],
    });
    expect(events[0]).toMatchObject({ type: "tool_call", status: "denied" });
    expect(JSON.stringify(events)).not.toContain("[yes]");
    expect(existsSync(join(cwd, "a.txt"))).toBe(false);
  });

  it("runs commands that the task or the driver allows", async () => {
    const asked: unknown[] = [];
    const ask = { script: { steps: [{ ask: command }] } } as const;
    const guarded = open({
      ...ask,
      onCommand: (one) => {
        asked.push(one);
        return undefined;
      },
    });
    expect((await guarded.result()).summary).toBe("[yes]");
    expect(asked).toEqual([{ argv: ["/bin/sh", "-c", "make test"], cwd: guarded.cwd }]);
    const refusing = open({
      ...ask,
      onCommand: () => ({ refuse: "NO", message: "not today" }),
      options: { allow: ["execute"] },
    });
    expect((await refusing.result()).summary).toBe("[no]");
    expect(refusing.events).toContainEqual(
      expect.objectContaining({ status: "denied", detail: "make test: not today" }),
    );
    const throwing = open({
      ...ask,
      onCommand: () => {
        throw new Error("The guard is broken.");
      },
    });
    expect((await throwing.result()).summary).toBe("[no]");
    expect((await open({ ...ask, options: { allow: ["execute"] } }).result()).summary).toBe("[yes]");
    expect((await open(ask).result()).summary).toBe("[no]");
  });

  it("reads and writes files of the workspace only", async () => {
    const outside = mkdtempSync(join(tmpdir(), "outside-"));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, "secret"), "secret");
    const look = { update: { sessionUpdate: "plan", entries: [] } } as const satisfies AcpStep;
    const { result, events, cwd } = open({
      prepare(cwd) {
        writeFileSync(join(cwd, "a.txt"), "one\ntwo\nthree\n");
        symlinkSync(join(outside, "secret"), join(cwd, "to-secret"));
        symlinkSync(join(outside, "made"), join(cwd, "dangling"));
        mkdirSync(join(cwd, "folder"));
      },
      script: (cwd) => ({
        steps: [
          { read: `${cwd}/a.txt` },
          look,
          { read: `${cwd}/not-there.txt` },
          look,
          { read: `${outside}/secret` },
          look,
          { read: `${cwd}/to-secret` },
          look,
          { read: `${cwd}/folder` },
          look,
          { write: `${cwd}/deep/er/b.txt`, content: "new" },
          look,
          { write: `${cwd}/dangling`, content: "new" },
          look,
          { write: `${cwd}/to-secret`, content: "new" },
          look,
          { write: `${cwd}/.git/config`, content: "new" },
          look,
          { write: "a.txt", content: "new" },
        ],
      }),
    });
    await result();
    expect(events.flatMap((event) => (event.type === "message" ? [event.text] : []))).toEqual([
      "<one\ntwo\nthree\n>",
      "<>",
      expect.stringContaining("is not a path of the workspace"),
      expect.stringContaining("is not a path of the workspace"),
      expect.stringContaining("is not a regular file"),
      "<written>",
      expect.stringContaining("cannot be written"),
      expect.stringContaining("is not a path of the workspace"),
      expect.stringContaining("is not a path of the workspace"),
      expect.stringContaining("is not a path of the workspace"),
    ]);
    expect(readFileSync(join(cwd, "deep/er/b.txt"), "utf8")).toBe("new");
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    expect(existsSync(join(outside, "made"))).toBe(false);
    expect(readFileSync(join(cwd, "a.txt"), "utf8")).toBe("one\ntwo\nthree\n");
  });

  it("is put into the mode of the task, and into the model", async () => {
    const modes = [
      { id: "default", name: "Default" },
      { id: "careful", name: "Careful" },
    ];
    const configOptions: AcpScript["configOptions"] = [
      {
        type: "select",
        id: "model",
        name: "Model",
        currentValue: "small",
        options: [
          { value: "small", name: "Small" },
          { value: "large", name: "Large" },
        ],
      },
    ];
    const script = { modes, configOptions, steps: [{ sayPrompt: true }] } as const satisfies AcpScript;
    const chosen = open({ script, options: { modes: { propose: "careful" } }, model: "large" });
    expect((await chosen.result()).summary).toBe("careful model=large  Add a file");
    const unknown = open({ script, options: { modes: { propose: "carefree" } } });
    await expect(unknown.result()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_MISCONFIGURED",
      message: expect.stringContaining('no mode "carefree". It offers: default, careful'),
    });
    const model = open({ script, model: "huge" });
    await expect(model.result()).rejects.toMatchObject({
      message: expect.stringContaining("small, large"),
    });
  });

  it("goes on with an earlier session, without telling it again", async () => {
    const script = { loads: true, steps: [{ sayPrompt: true }] } as const;
    const { result, events } = open({ script, sessionId: "session-0" });
    expect(await result()).toMatchObject({
      summary: "default session-0 Add a file",
      sessionId: "session-0",
    });
    expect(events).toHaveLength(1);
    const cannot = open({ script: { steps: [] }, sessionId: "session-0" });
    await expect(cannot.result()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_INPUT_REFUSED",
      details: { input: "sessionId" },
    });
  });

  it.each([
    ["max_tokens", "ATLAS_HARNESS_CUT_OFF"],
    ["max_turn_requests", "ATLAS_HARNESS_CUT_OFF"],
    ["refusal", "ATLAS_HARNESS_FAILED"],
    ["cancelled", "ATLAS_HARNESS_FAILED"],
  ] as const)("fails where it stops for the reason %s", async (stop, code) => {
    const { result } = open({ script: { steps: [{ say: "Half of" }], stop } });
    await expect(result()).rejects.toMatchObject({ code, details: { sessionId: "session-1" } });
  });

  it("fails where it has said and done nothing", async () => {
    await expect(open({ script: {} }).result()).rejects.toMatchObject({ code: "ATLAS_HARNESS_FAILED" });
  });

  it.each([
    [{ needsLogin: true }, "ATLAS_HARNESS_MISCONFIGURED", "Authentication required. Run"],
    [{ steps: [{ fail: "API Error: 429 slow down" }] }, "ATLAS_HARNESS_RATE_LIMITED", "slow down"],
    [{ steps: [{ die: 5 }] }, "ATLAS_HARNESS_FAILED", "exit code 5 before it had answered: It hurts"],
    [{ dieAtOnce: "No config." }, "ATLAS_HARNESS_FAILED", "exit code 3 before it had answered: No config"],
    [{ version: 7 }, "ATLAS_HARNESS_FAILED", "version 7 of the Agent Client Protocol"],
  ] as const satisfies readonly (readonly [AcpScript, string, string])[])(
    "fails in words where the agent is %j",
    async (script, code, message) => {
      const { result } = open({ script, isProcess: JSON.stringify(script).includes("die") });
      await expect(result()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    },
  );

  it("passes over what is printed beside the protocol, and takes a message of 10 MB", async () => {
    const goal = "x".repeat(9_999_000);
    const printed = open({
      isProcess: true,
      goal,
      script: {
        steps: [{ print: "A notice.\n" }, { print: '{"half":' }, { print: "\n" }, { sayPrompt: true }],
      },
    });
    expect((await printed.result()).summary).toBe("default  9999000");
    await expect(open({ goal: `${goal}${"x".repeat(2_000)}`, script: {} }).result()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_INPUT_REFUSED",
    });
  });

  it("is told to stop when the task is aborted, and all that it started is ended", async () => {
    for (const step of [{ waitForCancel: true }, { hang: true }] as const) {
      const caller = new AbortController();
      const { result, runId, cwd } = open({
        isProcess: true,
        signal: caller.signal,
        script: { steps: [{ leave: true }, step] },
        onEvent: ({ type }) => {
          if (type === "tool_call") caller.abort(new Error("enough"));
        },
      });
      await expect(result()).rejects.toThrow("enough");
      expect(taggedPids(runId)).toEqual([]);
      expect(existsSync(join(cwd, "cancelled"))).toBe("waitForCancel" in step);
    }
  });

  it("is ended when its time is over", async () => {
    const { result } = open({
      isProcess: true,
      script: { steps: [{ hang: true }] },
      options: { timeoutMs: 1_500 },
    });
    await expect(result()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_TIMED_OUT",
      details: { timeoutMs: 1_500, sessionId: "session-1" },
    });
  });

  it("is not started in a repository that names programs for it", async () => {
    const startsFrom = [".gemini/settings.json"];
    const { result } = open({
      prepare(cwd) {
        mkdirSync(join(cwd, ".gemini"));
        writeFileSync(join(cwd, ".gemini/settings.json"), "{}");
      },
      script: { steps: [{ say: "Hello." }] },
      options: { startsFrom },
    });
    await expect(result()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_INPUT_REFUSED",
      message: expect.stringContaining('".gemini/settings.json"'),
    });
  });
});

describe("the driver", () => {
  it("says whether the program is there", async () => {
    const { driver, host } = open({ script: {}, isProcess: true });
    expect(await driver.available?.(host)).toEqual({ installed: true, path: process.execPath });
    const missing = createAcpDriver({ command: "no-such-agent", args: [] });
    expect(await missing.available?.(host)).toMatchObject({
      installed: false,
      reason: expect.stringContaining("no-such-agent"),
    });
  });

  it("refuses unknown options and variables that change how programs are loaded", () => {
    const options = { command: "agent", args: [], allowed: ["execute"] };
    expect(() => createAcpDriver(options)).toThrow('"allowed" is not an option');
    expect(() => createAcpDriver({ command: "agent", args: [], env: { LD_PRELOAD: "x" } })).toThrow(
      TypeError,
    );
  });
});
