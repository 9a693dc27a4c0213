import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BuiltInAgent, builtInPrograms } from "../../src/drivers/built-in.ts";
import type { HarnessMode } from "../../src/index.ts";
import type { RecordingHead } from "../agents/recording.ts";
import { readAgent } from "../support/read-agent.ts";
import type { PrintedLine } from "../support/run-agent-program.ts";

// What the real programs printed. `npm run test:agents -- --record` writes it.
const folder = join(import.meta.dirname, "recorded");
const names = readdirSync(folder).sort();

/** Reads a recording as its program was read when it ran. */
async function replay(agent: string, name: string) {
  const [head = "", ...lines] = readFileSync(join(folder, `${agent}.${name}.jsonl`), "utf8")
    .trimEnd()
    .split("\n");
  // Sound: recordings are written by `recordingOf`.
  const { exit_code: exitCode } = JSON.parse(head) as RecordingHead;
  const mode: HarnessMode = name === "plan" || name === "apply" ? name : "propose";
  return readAgent(agent as BuiltInAgent, {
    mode,
    exitCode: exitCode ?? null,
    lines: lines.map((line) => JSON.parse(line) as PrintedLine),
  });
}

const agents = Object.keys(builtInPrograms);
const recordingsOf = (name: string): readonly string[] =>
  agents.filter((agent) => names.includes(`${agent}.${name}.jsonl`));

const editTools: Readonly<Record<string, string>> = {
  "codex-cli": "apply_patch",
  "claude-code": "Write",
  "gemini-cli": "write_file",
  opencode: "write",
  "copilot-cli": "create",
};

describe.each(["propose", "apply"])("an edit in mode %s", (mode) => {
  it.each(recordingsOf(mode))("is read from %s", async (agent) => {
    const { result, events } = await replay(agent, mode);
    expect(result).toMatchObject({ summary: "All is done.", exitCode: 0, sessionId: expect.any(String) });
    // Copilot does not say how many tokens it used.
    if (agent !== "copilot-cli") expect(result?.usage).toMatchObject({ inputTokens: 21, outputTokens: 15 });
    expect(result?.cost).toEqual(agent === "claude-code" ? { amountMicrousd: 288 } : undefined);
    expect(events.filter(({ type }) => type === "message")).toEqual([
      { type: "message", text: "I will write." },
      { type: "message", text: "All is done." },
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "tool_call", name: editTools[agent], status: "completed" }),
    );
    // Gemini does not say which files it changed.
    const changes = events.filter(({ type }) => type === "file_change");
    expect(changes).toEqual(
      agent === "gemini-cli" ? [] : [{ type: "file_change", path: "hello.txt", change: "added" }],
    );
  });
});

describe("a command", () => {
  const ran = (agent: string, mode: string): boolean =>
    mode === "apply" ? agent !== "gemini-cli" : agent === "codex-cli" || agent === "claude-code";

  it.each(agents.flatMap((agent) => [[agent, "propose"] as const, [agent, "apply"] as const]))(
    "of %s in mode %s is in the log if it ran",
    async (agent, mode) => {
      const { result, events } = await replay(agent, mode);
      const commands = result?.outputs.flatMap((output) =>
        output.type === "command_log" ? output.commands : [],
      );
      if (!ran(agent, mode)) {
        expect(commands).toEqual([]);
        expect(events).toContainEqual(expect.objectContaining({ type: "tool_call", status: "denied" }));
        return;
      }
      expect(commands).toEqual([
        {
          command: expect.stringContaining("echo shell > shell.txt; cat shell.txt"),
          exitCode: 0,
          output: expect.stringContaining("shell"),
        },
      ]);
    },
  );
});

describe("a plan", () => {
  it.each(recordingsOf("plan"))("of %s is an output, though its edits were denied", async (agent) => {
    const { result, events } = await replay(agent, "plan");
    expect(result?.outputs).toEqual([{ type: "plan", text: "All is done." }]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "tool_call", name: editTools[agent], status: "denied" }),
    );
  });
});

describe("a failure", () => {
  it.each(recordingsOf("denied"))("of %s says what was denied, though the exit code is 0", async (agent) => {
    const { error } = await replay(agent, "denied");
    expect(error).toMatchObject({
      code: "ATLAS_HARNESS_DENIED",
      details: { harness: agent, exitCode: 0, sessionId: expect.any(String) },
      message: expect.stringContaining(editTools[agent] ?? ""),
    });
  });

  it.each(recordingsOf("status-401"))("of %s for status 401 says how to log in", async (agent) => {
    const { error } = await replay(agent, "status-401");
    expect(error).toMatchObject({ code: "ATLAS_HARNESS_MISCONFIGURED", details: { status: 401 } });
    expect(error?.message).toMatch(/Run `|Set /);
  });

  it.each(recordingsOf("status-429"))("of %s for status 429 is retryable", async (agent) => {
    const { error } = await replay(agent, "status-429");
    expect(error).toMatchObject({
      code: "ATLAS_HARNESS_RATE_LIMITED",
      retryable: true,
      details: { status: 429 },
    });
  });

  it.each(recordingsOf("status-500"))("of %s for status 500 has the status", async (agent) => {
    const { error } = await replay(agent, "status-500");
    // Codex says only that there is high demand.
    const details = agent === "codex-cli" ? { exitCode: 1 } : { status: 500 };
    expect(error).toMatchObject({ code: "ATLAS_HARNESS_FAILED", details });
  });

  it.each(recordingsOf("empty"))("of %s is that its model said nothing", async (agent) => {
    expect((await replay(agent, "empty")).error?.code).toBe("ATLAS_HARNESS_FAILED");
  });

  it.each(recordingsOf("cut"))("of %s is that its model was cut off", async (agent) => {
    expect((await replay(agent, "cut")).error?.code).toBe("ATLAS_HARNESS_CUT_OFF");
  });
});

it("has recordings of each agent, and of nothing else", () => {
  expect(agents.map((agent) => names.filter((name) => name.startsWith(`${agent}.`)).length)).toEqual([
    9, 9, 8, 7, 7,
  ]);
  expect(names).toHaveLength(40);
});
