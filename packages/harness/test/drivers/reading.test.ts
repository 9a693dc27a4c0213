import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BuiltInAgent, builtInPrograms } from "../../src/drivers/built-in.ts";
import { agentRun, readAgent } from "../support/read-agent.ts";

const agents = Object.keys(builtInPrograms) as readonly BuiltInAgent[];
const codexMessage = (text: string) => ({ type: "item.completed", item: { type: "agent_message", text } });
const codexEnd = { type: "turn.completed", usage: { input_tokens: 7, output_tokens: 5 } };
const claudeEnd = { type: "result", subtype: "success", is_error: false, result: "Done.", session_id: "s" };

// Shapes that are not recorded: of other versions, of rare endings, and of programs that break off.

describe.each(agents)("any output of %s", (agent) => {
  it("is read without an error", () => {
    const reader = (): ReturnType<ReturnType<(typeof builtInPrograms)[BuiltInAgent]>["reader"]> =>
      builtInPrograms[agent]().reader(agentRun(agent));
    const types = [
      ...["thread.started", "item.completed", "turn.completed", "turn.failed", "system", "assistant", "user"],
      ...["result", "init", "message", "tool_use", "tool_result", "error", "text", "step_finish"],
      ...["assistant.message", "tool.execution_start", "tool.execution_complete", "session.error"],
    ];
    const event = fc.record(
      {
        type: fc.constantFrom(...types),
        item: fc.jsonValue(),
        message: fc.jsonValue(),
        data: fc.jsonValue(),
        part: fc.jsonValue(),
        error: fc.jsonValue(),
        usage: fc.jsonValue(),
        stats: fc.jsonValue(),
        permission_denials: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(event, fc.jsonValue(), fc.string())), (values) => {
        const { line } = reader();
        for (const value of values) line("stdout", typeof value === "string" ? value : JSON.stringify(value));
        for (const value of values) line("stderr", JSON.stringify(value));
      }),
    );
  });

  it("that breaks off is cut off, whatever the exit code says", async () => {
    expect((await readAgent(agent, {})).error).toMatchObject({
      code: "ATLAS_HARNESS_CUT_OFF",
      message: expect.stringContaining("before it said that the work was done"),
    });
    expect((await readAgent(agent, { isCut: true })).error?.message).toContain("longer than the limit");
  });

  it("that ends with a code or a signal fails with the last words of standard error", async () => {
    const stderr = ["A notice.", "Error: the disk is full", "    at line 1", "\u001b[31mbye\u001b[0m\u0007"];
    expect((await readAgent(agent, { exitCode: 7, stderr })).error).toMatchObject({
      code: "ATLAS_HARNESS_FAILED",
      message: `Agent "${agent}" failed: exit code 7: Error: the disk is full.`,
      details: { exitCode: 7, stderr: "A notice. Error: the disk is full     at line 1 bye" },
    });
    const killed = (await readAgent(agent, { exitCode: null })).error;
    expect(killed).toMatchObject({ code: "ATLAS_HARNESS_FAILED", details: { signal: "SIGKILL" } });
  });

  it.each([
    ["Not logged in", "ATLAS_HARNESS_MISCONFIGURED"],
    ["Invalid API key provided: sk-abcdefghijklmnop", "ATLAS_HARNESS_MISCONFIGURED"],
    ["the model `x` does not exist", "ATLAS_HARNESS_MISCONFIGURED"],
    ["HTTP 403 forbidden", "ATLAS_HARNESS_MISCONFIGURED"],
    ["status 404", "ATLAS_HARNESS_MISCONFIGURED"],
    ["429: You exceeded your current quota, check your plan and billing", "ATLAS_HARNESS_MISCONFIGURED"],
    ["Rate limit reached", "ATLAS_HARNESS_RATE_LIMITED"],
    ["error (429)", "ATLAS_HARNESS_RATE_LIMITED"],
    ["API Error: 503 overloaded, check your API key", "ATLAS_HARNESS_FAILED"],
    ["error: prompt is too long: 3 tokens > 2", "ATLAS_HARNESS_INPUT_REFUSED"],
    ["Error: No conversation found with session ID: 1", "ATLAS_HARNESS_INPUT_REFUSED"],
    ["error: it hurts", "ATLAS_HARNESS_FAILED"],
  ])("that ends with %j has the code %s", async (words, code) => {
    const { error } = await readAgent(agent, { exitCode: 1, stderr: [words] });
    expect(error?.code).toBe(code);
    expect(error?.message).not.toContain("abcdefghijklmnop");
  });
});

describe("Codex", () => {
  it("ends well after it has connected again, and with notices in between", async () => {
    const { result, events } = await readAgent("codex-cli", {
      stdout: [
        { type: "error", message: "Reconnecting... 1/5 (unexpected status 500)" },
        { type: "item.completed", item: { type: "error", message: "Model metadata not found" } },
        '{"type":"item.compl',
        "Not JSON",
        { type: "something.new" },
        codexMessage("First."),
        codexMessage("Last."),
        codexEnd,
      ],
    });
    expect(result).toMatchObject({ summary: "Last.", usage: { inputTokens: 7, outputTokens: 5 } });
    expect(events).toHaveLength(3);
  });

  it("does not tell the usage of a session that it goes on with, because it is that of all runs", async () => {
    const { result } = await readAgent("codex-cli", {
      sessionId: "s",
      stdout: [{ type: "thread.started", thread_id: "s" }, codexMessage("Done."), codexEnd],
    });
    expect(result).toEqual({ summary: "Done.", outputs: [], exitCode: 0, sessionId: "s" });
  });

  it("tells kinds of changes, failed commands and servers' tools", async () => {
    const { events, result } = await readAgent("codex-cli", {
      stdout: [
        {
          type: "item.completed",
          item: {
            id: "1",
            type: "file_change",
            status: "completed",
            changes: [
              { path: "/workspace/a", kind: "update" },
              { path: "b", kind: "delete" },
              { path: "/elsewhere/c", kind: "odd" },
            ],
          },
        },
        {
          type: "item.completed",
          item: { id: "2", type: "command_execution", command: "false", exit_code: 1, status: "failed" },
        },
        {
          type: "item.completed",
          item: { id: "3", type: "mcp_tool_call", server: "s", tool: "t", status: "completed" },
        },
        codexMessage("Done."),
        codexEnd,
      ],
    });
    expect(events.filter(({ type }) => type === "file_change")).toEqual([
      { type: "file_change", path: "a", change: "modified" },
      { type: "file_change", path: "b", change: "deleted" },
      { type: "file_change", path: "/elsewhere/c", change: "modified" },
    ]);
    expect(events).toContainEqual({ type: "tool_call", status: "completed", id: "3", name: "s.t" });
    expect(result?.outputs).toEqual([{ type: "command_log", commands: [{ command: "false", exitCode: 1 }] }]);
  });

  it("has the service's own words for a refusal", async () => {
    const message = JSON.stringify({ error: { message: "Bad input", type: "invalid_request_error" } });
    const { error } = await readAgent("codex-cli", {
      exitCode: 1,
      stdout: [{ type: "turn.failed", error: { message } }],
    });
    expect(error?.message).toBe('Agent "codex-cli" failed: Bad input.');
  });

  it("bounds what it keeps", async () => {
    const command = (id: number) => ({
      type: "item.completed",
      item: { id: `${id}`, type: "command_execution", command: "x", aggregated_output: "y".repeat(5_000) },
    });
    const { result } = await readAgent("codex-cli", {
      stdout: [...Array.from({ length: 1_001 }, (_, id) => command(id)), codexMessage("Done."), codexEnd],
    });
    const [log] = result?.outputs ?? [];
    expect(log?.type === "command_log" && log.commands).toHaveLength(1_000);
    expect(log?.type === "command_log" && log.commands[0]?.output).toHaveLength(4_000);
    expect(result?.truncated).toBe(true);
  });
});

describe("a denial", () => {
  const denied = (name: string, id: string) => ({
    type: "system",
    subtype: "permission_denied",
    tool_name: name,
    tool_use_id: id,
    message: `${name} is not allowed`,
  });
  const wrote = [
    {
      type: "assistant",
      message: { content: [{ type: "tool_use", id: "w", name: "Write", input: { file_path: "a" } }] },
    },
    { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "w", content: "ok" }] } },
  ];

  it("of an edit fails a run that has edited nothing", async () => {
    const { error, events } = await readAgent("claude-code", { stdout: [denied("Edit", "1"), claudeEnd] });
    expect(error).toMatchObject({
      code: "ATLAS_HARNESS_DENIED",
      message: expect.stringContaining("Edit (Edit is not allowed)"),
    });
    expect(events[0]).toMatchObject({ status: "denied", name: "Edit" });
  });

  it("of an edit does not fail a run that has edited something, or that only plans", async () => {
    const stdout = [denied("Edit", "1"), ...wrote, claudeEnd];
    expect((await readAgent("claude-code", { stdout })).result?.summary).toBe("Done.");
    const plan = { mode: "plan", stdout: [denied("Edit", "1"), claudeEnd] } as const;
    expect((await readAgent("claude-code", plan)).result?.summary).toBe("Done.");
  });

  it("of a command does not fail a run that has an answer", async () => {
    const { result } = await readAgent("claude-code", { stdout: [denied("Bash", "1"), claudeEnd] });
    expect(result).toMatchObject({ summary: "Done.", outputs: [] });
  });

  it("fails a run without an answer", async () => {
    const stdout = [denied("Bash", "1"), { ...claudeEnd, result: "" }];
    expect((await readAgent("claude-code", { stdout })).error?.code).toBe("ATLAS_HARNESS_DENIED");
  });

  it("counts once, though it is told three times", async () => {
    const stdout = [
      denied("Edit", "1"),
      {
        type: "user",
        message: {
          content: [
            { type: "tool_result", tool_use_id: "1", is_error: true, content: "Permission to use Edit …" },
          ],
        },
      },
      { ...claudeEnd, permission_denials: [{ tool_name: "Edit", tool_use_id: "1" }] },
    ];
    const { events } = await readAgent("claude-code", { stdout });
    expect(events).toHaveLength(1);
  });

  it("ends OpenCode's run without another word", async () => {
    const { error } = await readAgent("opencode", {
      stdout: [
        { type: "step_start", sessionID: "s" },
        {
          type: "tool_use",
          part: {
            tool: "bash",
            callID: "1",
            state: {
              status: "error",
              input: { command: "rm -rf x" },
              error: "The user rejected permission to use this specific tool call.",
            },
          },
        },
        { type: "step_finish", part: { reason: "tool-calls" } },
      ],
    });
    expect(error).toMatchObject({
      code: "ATLAS_HARNESS_DENIED",
      message: expect.stringContaining("bash (rm -rf x)"),
    });
  });
});

describe("Claude Code", () => {
  it.each(["error_max_turns", "error_max_budget_usd"])("is cut off by %s", async (subtype) => {
    const stdout = [{ type: "result", subtype, is_error: false }];
    expect((await readAgent("claude-code", { stdout, exitCode: 1 })).error?.code).toBe(
      "ATLAS_HARNESS_CUT_OFF",
    );
  });

  it("is not logged in, says its result", async () => {
    const result = { ...claudeEnd, is_error: true, result: "Not logged in · Please run /login" };
    expect((await readAgent("claude-code", { stdout: [result], exitCode: 1 })).error).toMatchObject({
      code: "ATLAS_HARNESS_MISCONFIGURED",
      message: expect.stringContaining("ANTHROPIC_API_KEY"),
    });
  });

  it("counts what came from a cache as input, and no cost of a session that goes on", async () => {
    const usage = {
      input_tokens: 1,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 300,
      output_tokens: 5,
    };
    const stdout = [{ ...claudeEnd, usage, total_cost_usd: 0.5 }];
    const expected = { inputTokens: 321, outputTokens: 5, cachedInputTokens: 300, reasoningTokens: 0 };
    expect((await readAgent("claude-code", { stdout })).result).toMatchObject({
      usage: expected,
      cost: { amountMicrousd: 500_000 },
    });
    const resumed = (await readAgent("claude-code", { stdout, sessionId: "s" })).result;
    expect(resumed?.usage).toEqual(expected);
    expect(resumed?.cost).toBe(undefined);
  });

  it("does not take the words of its helpers for its own", async () => {
    const stdout = [
      { type: "assistant", parent_tool_use_id: "t", message: { content: [{ type: "text", text: "Sub." }] } },
      claudeEnd,
    ];
    expect((await readAgent("claude-code", { stdout })).events).toEqual([]);
  });

  it("tells the exit code of a command that failed", async () => {
    const stdout = [
      {
        type: "assistant",
        message: { content: [{ type: "tool_use", id: "1", name: "Bash", input: { command: "false" } }] },
      },
      {
        type: "user",
        message: {
          content: [{ type: "tool_result", tool_use_id: "1", is_error: true, content: "Exit code 2\nno" }],
        },
      },
      claudeEnd,
    ];
    expect((await readAgent("claude-code", { stdout })).result?.outputs).toEqual([
      { type: "command_log", commands: [{ command: "false", exitCode: 2, output: "Exit code 2\nno" }] },
    ]);
  });
});

describe("Gemini", () => {
  it.each([
    [41, "ATLAS_HARNESS_MISCONFIGURED"],
    [53, "ATLAS_HARNESS_CUT_OFF"],
    [145, "ATLAS_HARNESS_MISCONFIGURED"],
    [173, "ATLAS_HARNESS_RATE_LIMITED"],
    [244, "ATLAS_HARNESS_FAILED"],
    [1, "ATLAS_HARNESS_FAILED"],
  ])("says with exit code %i that it is %s", async (exitCode, code) => {
    expect((await readAgent("gemini-cli", { exitCode })).error?.code).toBe(code);
  });

  it("says its last words once, without those before its tools", async () => {
    const words = (content: string, more = {}) => ({ type: "message", role: "assistant", content, ...more });
    const { result, events } = await readAgent("gemini-cli", {
      stdout: [
        { type: "message", role: "user", content: "Write hello.txt." },
        words("I ", { delta: true }),
        words("look.", { delta: true }),
        { type: "tool_use", tool_name: "read_file", tool_id: "1", parameters: { file_path: "a" } },
        { type: "tool_result", tool_id: "1", status: "success" },
        words("Draft."),
        words("Whole."),
        { type: "result", status: "success" },
      ],
    });
    expect(result?.summary).toBe("Whole.");
    expect(events.filter(({ type }) => type === "message")).toEqual([
      { type: "message", text: "I look." },
      { type: "message", text: "Whole." },
    ]);
  });
});

describe("OpenCode", () => {
  it("adds up what its steps used, and marks its session with the folder", async () => {
    const step = (cost: number, tokens: object) => ({
      type: "step_finish",
      sessionID: "ses_1",
      part: { reason: "stop", cost, tokens },
    });
    const { result } = await readAgent("opencode", {
      stdout: [
        { type: "text", part: { text: "Done." } },
        step(0.001, { input: 10, output: 4, reasoning: 2, cache: { read: 100, write: 5 } }),
        step(0.002, { total: 30, input: 10, output: 20, reasoning: 3 }),
      ],
    });
    expect(result).toMatchObject({
      usage: { inputTokens: 125, outputTokens: 26, cachedInputTokens: 100, reasoningTokens: 5 },
      cost: { amountMicrousd: 3_000 },
      sessionId: expect.stringMatching(/^ses_1@[0-9a-f]{12}$/),
    });
    const { sessionId = "" } = result ?? {};
    const { invocation } = builtInPrograms.opencode();
    const { args } = invocation(agentRun("opencode", { sessionId }), { promptFile: "", stateDir: "" });
    expect(args).toContain("ses_1");
    const elsewhere = agentRun("opencode", { sessionId, cwd: "/elsewhere" });
    expect(() => invocation(elsewhere, { promptFile: "", stateDir: "" })).toThrow("began in another");
  });

  it("is not done while its last step called tools", async () => {
    const stdout = [
      { type: "step_finish", part: { reason: "stop" } },
      { type: "step_start" },
      { type: "text", part: { text: "And now" } },
      { type: "step_finish", part: { reason: "tool-calls" } },
    ];
    expect((await readAgent("opencode", { stdout })).error?.code).toBe("ATLAS_HARNESS_CUT_OFF");
  });
});

describe("Copilot", () => {
  it("has failed where its result says so, though the exit code is 0", async () => {
    const stdout = [
      { type: "assistant.message", data: { content: "Half." } },
      { type: "result", sessionId: "s", exitCode: 1 },
    ];
    expect((await readAgent("copilot-cli", { stdout })).error).toMatchObject({
      code: "ATLAS_HARNESS_CUT_OFF",
      details: { sessionId: "s" },
    });
  });
});
