import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";
import type { AcpScript } from "./acp-script.ts";

/** What a scripted agent can do to the process that it runs in. */
export interface AcpAgentHost {
  readonly input: Readable;
  readonly output: Writable;
  /** Ends the process, with last words. */
  die(exitCode: number, words: string): void;
  /** Leaves a trace of a request to stop. */
  noteCancel(): void;
  /** Starts a process that outlives the agent. */
  leave(): void;
}

/** Speaks the Agent Client Protocol by a script. */
export function serveAcpScript(
  script: AcpScript,
  { input, output, die, leave, noteCancel }: AcpAgentHost,
): void {
  const { methods } = acp;
  const loaded: string[] = [];
  let mode = "default";
  let cancel = (): void => undefined;
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve;
  });

  const folder =
    script.modes === undefined ? {} : { modes: { currentModeId: "default", availableModes: script.modes } };
  acp
    .agent({ name: "scripted" })
    .onRequest(methods.agent.initialize, () => {
      if (script.dieAtOnce !== undefined) {
        die(3, script.dieAtOnce);
      }
      return {
        protocolVersion: script.version ?? acp.PROTOCOL_VERSION,
        agentCapabilities: { loadSession: script.loads ?? false },
      };
    })
    .onRequest(methods.agent.session.new, () => {
      if (script.needsLogin === true) throw new acp.RequestError(-32_000, "Authentication required");
      return {
        sessionId: "session-1",
        ...folder,
        ...(script.configOptions === undefined ? {} : { configOptions: script.configOptions }),
      };
    })
    .onRequest(methods.agent.session.load, async ({ params, client }) => {
      loaded.push(params.sessionId);
      await client.notify(methods.client.session.update, {
        sessionId: params.sessionId,
        update: {
          sessionUpdate: "agent_message_chunk",
          content: { type: "text", text: "What was said before." },
        },
      });
      return folder;
    })
    .onRequest(methods.agent.session.setMode, async ({ params, client }) => {
      mode = params.modeId;
      // As Codex does.
      await client.notify(methods.client.session.update, {
        sessionId: params.sessionId,
        update: {
          sessionUpdate: "agent_message_chunk",
          content: { type: "text", text: `[MODE_UPDATE] ${mode}` },
        },
      });
      return {};
    })
    .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
      mode += ` ${params.configId}=${String(params.value)}`;
      return { configOptions: [] };
    })
    .onNotification(methods.agent.session.cancel, () => cancel())
    .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
      const { sessionId } = params;
      const update = (update: acp.SessionUpdate): Promise<void> =>
        client.notify(methods.client.session.update, { sessionId, update });
      const say = (text: string): Promise<void> =>
        update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
      for (const step of script.steps ?? []) {
        if ("say" in step) await say(step.say);
        else if ("sayPrompt" in step) {
          const told = params.prompt.map((part) => (part.type === "text" ? part.text : "")).join("");
          await say(`${mode} ${loaded.join()} ${told.length > 1_000 ? told.length : told}`);
        } else if ("update" in step) await update(step.update);
        else if ("ask" in step) {
          const { outcome } = await client.request(methods.client.session.requestPermission, {
            sessionId,
            toolCall: step.ask,
            options: step.options ?? [
              { optionId: "always", kind: "allow_always", name: "Always" },
              { optionId: "yes", kind: "allow_once", name: "Yes" },
              { optionId: "no", kind: "reject_once", name: "No" },
            ],
          });
          await say(outcome.outcome === "selected" ? `[${outcome.optionId}]` : "[cancelled]");
        } else if ("read" in step) {
          const read = client.request(methods.client.fs.readTextFile, { sessionId, path: step.read });
          await say(
            await read.then(
              ({ content }) => `<${content}>`,
              (error: Error) => `!${error.message}!`,
            ),
          );
        } else if ("write" in step) {
          const { write: path, content } = step;
          const write = client.request(methods.client.fs.writeTextFile, { sessionId, path, content });
          await say(
            await write.then(
              () => "<written>",
              (error: Error) => `!${error.message}!`,
            ),
          );
        } else if ("print" in step) output.write(step.print);
        else if ("die" in step) {
          die(step.die, "It hurts.");
        } else if ("leave" in step) leave();
        else if ("waitForCancel" in step) {
          await say("Waiting.");
          await update({ sessionUpdate: "tool_call", toolCallId: "wait", title: "wait" });
          await cancelled;
          noteCancel();
          return { stopReason: "cancelled" };
        } else if ("hang" in step) {
          await update({ sessionUpdate: "tool_call", toolCallId: "hang", title: "hang" });
          await new Promise(() => setInterval(() => undefined, 1_000));
        } else if ("fail" in step) throw new acp.RequestError(-32_603, "Internal error", step.fail);
        else step satisfies never;
      }
      return { stopReason: script.stop ?? "end_turn", ...script.answer };
    })
    .connect(
      acp.ndJsonStream(
        Writable.toWeb(output) as WritableStream<Uint8Array>,
        // Sound: the input gives bytes.
        Readable.toWeb(input) as unknown as ReadableStream<Uint8Array>,
      ),
    );
}
