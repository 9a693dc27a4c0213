import { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { ClientConnection, NewSessionResponse } from "@agentclientprotocol/sdk";
import type { HarnessRun, HarnessRunResult } from "../../contract/driver.ts";
import { type AgentDetails, HarnessError, isHarnessError } from "../../contract/errors.ts";
import type { ProgramEnd, RunningProgram } from "../../processes/owned-processes.ts";
import { createAgentRecord } from "../agent-record.ts";
import { type AgentWords, conclude } from "../conclude.ts";
import { agentFailure, readable } from "../failure.ts";
import { readWorkspaceFile, writeWorkspaceFile } from "./files.ts";
import { type AcpPermission, decide, optionFor } from "./permission.ts";
import type { AcpSdk } from "./sdk.ts";
import { openSession, setChoices } from "./session.ts";
import { createUpdateReader } from "./updates.ts";
import { usageOf } from "./usage.ts";

/** One task for an agent whose program runs. */
export interface Conversation {
  readonly sdk: AcpSdk;
  readonly run: HarnessRun;
  readonly program: RunningProgram;
  readonly prompt: string;
  /** What the program has written to its standard error; it grows. */
  readonly stderr: readonly string[];
  readonly words: AgentWords;
  /** What the agent may do when it asks, besides reading and editing the workspace. */
  readonly allow: readonly AcpPermission[];
  /** The agent's own mode for the task. Default: the agent's. */
  readonly agentMode: string | undefined;
  readonly timeoutMs: number;
}

/** How long an agent may take to end by itself, when the task is aborted or its streams are closed. */
const ENDING_MS = 1_000;
const STDERR_LIMIT = 2_000;

/** Talks to a program that has been started until its turn is over, and ends it. */
export async function converse(talk: Conversation): Promise<HarnessRunResult> {
  const { sdk, run, program, prompt, stderr, words, allow, timeoutMs } = talk;
  const { methods } = sdk;
  const record = createAgentRecord(run);
  const updates = createUpdateReader(record, () => {
    for (const event of record.takeEvents()) run.onEvent(event);
  });
  let sessionId: string | undefined;
  // A session that is loaded is told from its beginning.
  let isListening = false;

  const connection: ClientConnection = sdk
    .client({ name: "atlas" })
    .onNotification(methods.client.session.update, ({ params }) => {
      if (isListening && params.sessionId === sessionId) updates.update(params.update);
    })
    .onRequest(methods.client.session.requestPermission, async ({ params }) => {
      const verdict =
        params.sessionId === sessionId && !run.signal.aborted
          ? await decide(params.toolCall, run, allow)
          : ({ isAllowed: false, reason: "the task is over" } as const);
      const optionId = optionFor(params.options, verdict.isAllowed);
      if (!verdict.isAllowed) updates.refuse(params.toolCall, verdict.reason);
      else if (optionId === undefined) updates.refuse(params.toolCall, "it cannot be allowed for once");
      return {
        outcome: optionId === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId },
      };
    })
    .onRequest(methods.client.fs.readTextFile, async ({ params }) => ({
      content: await telling(readWorkspaceFile(run.cwd, params.path, params)),
    }))
    .onRequest(methods.client.fs.writeTextFile, async ({ params }) => {
      if (run.mode === "plan") throw new sdk.RequestError(-32_602, 'Nothing is written in mode "plan".');
      if (run.signal.aborted) throw new sdk.RequestError(-32_800, "The task is over.");
      await telling(writeWorkspaceFile(run.cwd, params.path, params.content));
      return {};
    })
    .connect(sdk.ndJsonStream(webWritable(program.stdin), webReadable(program.stdout)));

  let whenAborted = (): void => undefined;
  const aborted = new Promise<"aborted">((resolve) => {
    whenAborted = () => resolve("aborted");
    run.signal.addEventListener("abort", whenAborted, { once: true });
    if (run.signal.aborted) whenAborted();
  });
  const work = prompted();
  try {
    const first = await Promise.race([work, aborted]);
    if (first !== "aborted") return first;
    await cancelled();
    throw run.signal.reason;
  } catch (error) {
    run.signal.throwIfAborted();
    throw await failureOf(error);
  } finally {
    run.signal.removeEventListener("abort", whenAborted);
    work.catch(() => undefined);
    connection.close();
    await program.end();
  }

  async function prompted(): Promise<HarnessRunResult> {
    const { agent } = connection;
    const hello = await agent.request(methods.agent.initialize, {
      protocolVersion: sdk.PROTOCOL_VERSION,
      clientInfo: { name: "atlas", version: "0" },
      clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: false },
    });
    if (hello.protocolVersion !== sdk.PROTOCOL_VERSION) {
      throw failed(
        `it speaks version ${hello.protocolVersion} of the Agent Client Protocol, and version ${sdk.PROTOCOL_VERSION} was expected`,
      );
    }
    const session: Pick<NewSessionResponse, "sessionId" | "modes" | "configOptions"> = await openSession(
      { methods, agent, run },
      hello.agentCapabilities ?? {},
    );
    sessionId = session.sessionId;
    record.session(sessionId);
    await setChoices({ methods, agent, run }, session, talk.agentMode);
    isListening = true;
    const answer = await agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: "text", text: prompt }],
    });
    updates.end();
    const usage = usageOf(answer);
    if (usage !== undefined) record.used(usage, record.state.cost);
    switch (answer.stopReason) {
      case "end_turn":
        record.finished();
        break;
      case "max_tokens":
        record.cutOff("its model's answer was too long");
        break;
      case "max_turn_requests":
        record.cutOff("it reached the limit of turns");
        break;
      case "refusal":
        record.failed({ message: "its model refused to go on" });
        break;
      case "cancelled":
        // Some agents end the turn when a call is refused.
        if (record.state.denied.length === 0) record.failed({ message: "it ended the turn as cancelled" });
        break;
      default:
        answer.stopReason satisfies never;
    }
    for (const event of record.takeEvents()) run.onEvent(event);
    const end = { exitCode: 0, truncated: { stdout: false, stderr: false } };
    const { exitCode: _, ...result } = conclude({ run, words, state: record.state, end, stderr: lines() });
    return result;
  }

  /** Asks the agent to stop, and gives it a moment to do so. */
  async function cancelled(): Promise<void> {
    if (sessionId === undefined) return;
    const over = Promise.allSettled([
      connection.agent.notify(methods.agent.session.cancel, { sessionId }).then(() => work),
    ]);
    await Promise.race([over, program.ended, pause()]);
  }

  /** What went wrong: with the agent, with its program, or with what it sends. */
  async function failureOf(error: unknown): Promise<unknown> {
    if (isHarnessError(error)) return error;
    if (error instanceof sdk.RequestError) {
      const data = typeof error.data === "string" ? error.data : JSON.stringify(error.data ?? "");
      return agentFailure(
        { message: `${error.message} ${data === '""' ? "" : data}` },
        details(),
        words.login,
      );
    }
    // Its streams are closed a moment before its end is known.
    await Promise.race([program.ended, pause()]);
    connection.close();
    const end = await program.end();
    if (end.endedBy === "timeout") {
      const message = `Agent "${run.harness}" did not end within ${timeoutMs} ms. Raise its timeout, or split the goal.`;
      return new HarnessError("ATLAS_HARNESS_TIMED_OUT", { ...details(end), timeoutMs }, message);
    }
    if (end.endedBy === "itself") {
      const ending =
        end.exitCode === undefined ? `signal ${end.signal ?? "unknown"}` : `exit code ${end.exitCode}`;
      const said = lines().at(-1);
      const message = `its program ended with ${ending} before it had answered${said ? `: ${said}` : ""}`;
      return agentFailure({ message }, details(end), words.login);
    }
    const reason = error instanceof Error ? error.message : String(error);
    return new HarnessError(
      "ATLAS_HARNESS_FAILED",
      details(),
      `Agent "${run.harness}" does not speak the Agent Client Protocol as expected: ${readable(reason, 500)}. Check its arguments and its version.`,
      { cause: error },
    );
  }

  function failed(reason: string): HarnessError {
    return new HarnessError("ATLAS_HARNESS_FAILED", details(), `Agent "${run.harness}" failed: ${reason}.`);
  }

  function details(end?: ProgramEnd): AgentDetails {
    const text = readable(stderr.join(""), STDERR_LIMIT);
    return {
      harness: run.harness,
      ...(end?.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      ...(end?.signal === undefined ? {} : { signal: end.signal }),
      ...(text === "" ? {} : { stderr: text }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(record.state.usage === undefined ? {} : { usage: record.state.usage }),
    };
  }

  function lines(): readonly string[] {
    return stderr
      .join("")
      .split("\n")
      .filter((line) => line.trim() !== "");
  }

  /** The agent reads the reason. */
  async function telling<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      throw new sdk.RequestError(-32_602, error instanceof Error ? error.message : String(error));
    }
  }
}

/** As long as an agent may take to end by itself. */
async function pause(): Promise<void> {
  await setTimeout(ENDING_MS, undefined, { ref: false });
}

function webWritable(stream: NodeJS.WritableStream): WritableStream<Uint8Array> {
  // Sound: the streams of a program are those of a pipe.
  return Writable.toWeb(stream as Writable) as WritableStream<Uint8Array>;
}

function webReadable(stream: NodeJS.ReadableStream): ReadableStream<Uint8Array> {
  // Sound: the streams of a program are those of a pipe, and give bytes.
  return Readable.toWeb(stream as Readable) as unknown as ReadableStream<Uint8Array>;
}
