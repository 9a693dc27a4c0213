import { resolve } from "node:path";
import { checkOptions } from "@atlas/routing/internal";
import { createStream, streamOf } from "../calling/stream.ts";
import { LLMError } from "../contract/errors.ts";
import type { LLMMiddleware } from "../contract/middleware.ts";
import type { LLMOptions, LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { redactSecrets } from "../redact.ts";
import type { Interaction } from "./cassette.ts";
import { type JsonObject, toJson } from "./json.ts";
import { openTape, type Tape } from "./tape.ts";

/**
 * How a recorder handles a call:
 *
 * - `record`: asks the model and records its answer. The first answer replaces the old content of the file.
 * - `replay`: answers from the file and never asks the model. Use it in CI.
 * - `auto`: answers from the file if it can; otherwise asks the model and records. Convenient while you write a test, but a
 *   changed prompt silently costs a real call.
 */
export type RecorderMode = (typeof modes)[number];

/** Where answers are recorded, and what stays out of the file. */
export interface RecorderOptions {
  /** The path of the cassette, a JSON file. Only one recorder may use it at a time. Missing folders are created. */
  readonly path: string;
  readonly mode: RecorderMode;
  /**
   * Redacts each text before it is written and before it is compared. It must return the same result for the same text.
   * Everything that looks like a key, a token or a password is replaced anyway. Default: nothing else is redacted.
   */
  readonly redact?: (text: string) => string;
  /** Keys that are replaced in every spelling, also where they are echoed in part. Default: none. */
  readonly secrets?: readonly string[];
}

const known: Readonly<Record<keyof RecorderOptions, true>> = {
  path: true,
  mode: true,
  redact: true,
  secrets: true,
};

const modes = ["record", "replay", "auto"] as const;

/**
 * Records the answers of a model in a file and replays them without asking the model, so that tests need neither a key nor
 * a network. Two calls are the same if all their options are equal, apart from `signal`, `deadlineMs`, `context` and `fresh`. A
 * replayed answer has `replayed: true` and no `route`; a replayed stream has the pieces of the recorded one. Failed and
 * unfinished calls are not recorded. Models of the AI SDK around it carry text only.
 *
 * In `replay` mode, a call that is not in the file rejects with `ATLAS_LLM_CASSETTE_MISMATCH`, which names the first
 * difference from the most similar recorded call. The file is always replaced as a whole.
 *
 * @example
 * ```ts
 * const path = "answers.json";
 * const recording = applyMiddleware(createMockLLM(), [withRecorder({ path, mode: "record" })]);
 * const { text } = await recording.generateText({ prompt: "Hello" });
 *
 * const replaying = applyMiddleware(createMockLLM(), [withRecorder({ path, mode: "replay" })]);
 * const again = await replaying.generateText({ prompt: "Hello" });
 * assert.equal(again.text, text);
 * assert.equal(again.replayed, true);
 * ```
 */
export function withRecorder(options: RecorderOptions): LLMMiddleware {
  checkOptions("withRecorder", options, Object.keys(known));
  const { mode, redact = (text) => text, secrets } = options;
  if (!modes.includes(mode)) {
    throw new TypeError(
      `withRecorder expected "mode" to be one of ${modes.join(", ")}, but got "${String(mode)}".`,
    );
  }
  const path = resolve(options.path);
  const clean = (text: string): string => redactSecrets(redact(text), secrets);
  let opening: Promise<Tape> | undefined;

  return (next) => ({
    async generateText(asked) {
      asked.signal?.throwIfAborted();
      const { tape, request, found } = await lookUp("generateText", asked);
      if (found !== undefined) return replayed(found);
      const result = await next.generateText(asked);
      await tape.add({ request, response: responseOf(result) });
      return result;
    },
    streamText: (asked) =>
      createStream(asked.signal, async (emit, signal) => {
        signal.throwIfAborted();
        const { tape, request, found } = await lookUp("streamText", asked);
        if (found !== undefined) {
          for (const chunk of found.chunks ?? [found.response.text]) await emit(chunk);
          return replayed(found);
        }
        const chunks: string[] = [];
        const stream = streamOf(next, { ...asked, signal });
        for await (const chunk of stream.textStream) {
          chunks.push(chunk);
          await emit(chunk);
        }
        const result = await stream.result;
        const response = responseOf(result);
        await tape.add({ request, response, chunks: chunksOf(response.text, chunks) });
        return result;
      }),
  });

  async function lookUp(
    call: keyof LLMRuntime,
    { signal, deadlineMs, context, onRoute, fresh, ...asked }: LLMOptions,
  ): Promise<{ readonly tape: Tape; readonly request: JsonObject; readonly found: Interaction | undefined }> {
    // The strict form follows from the schema.
    const { strictSchema, ...json } = asked.json ?? {};
    const request = toJson({ ...asked, ...(asked.json === undefined ? {} : { json }), call }, clean);
    opening ??= open();
    const tape = await opening;
    const found = mode === "record" ? undefined : tape.find(request);
    if (mode === "replay" && found === undefined) throw tape.mismatch(request);
    return { tape, request, found };
  }

  async function open(): Promise<Tape> {
    try {
      const tape = await openTape(path, { isNew: mode === "record" });
      if (tape !== undefined) return tape;
      if (mode === "replay") throw missing(path);
      return (await openTape(path, { isNew: true })) as Tape;
    } catch (error) {
      // The next call reads the file again, because it may have been corrected.
      opening = undefined;
      throw error;
    }
  }

  function responseOf({ route: _, replayed: __, cached: ___, ...result }: LLMResult): LLMResult {
    // Sound: a result keeps its fields on the way through JSON; only its texts may change.
    return toJson(result, clean) as unknown as LLMResult;
  }
}

function replayed({ response }: Interaction): LLMResult {
  return { ...structuredClone(response), replayed: true };
}

/** The pieces of a stream. A redacted part becomes a single piece. */
function chunksOf(text: string, chunks: readonly string[]): readonly string[] {
  if (chunks.join("") === text) return chunks;
  const before: string[] = [];
  let start = 0;
  for (const chunk of chunks) {
    if (!text.startsWith(chunk, start)) break;
    before.push(chunk);
    start += chunk.length;
  }
  const after: string[] = [];
  let end = text.length;
  for (const chunk of chunks.slice(before.length).reverse()) {
    if (end - chunk.length < start || !text.endsWith(chunk, end)) break;
    after.unshift(chunk);
    end -= chunk.length;
  }
  return [...before, text.slice(start, end), ...after].filter((chunk) => chunk !== "");
}

function missing(path: string): LLMError {
  return new LLMError(
    "ATLAS_LLM_CASSETTE_MISSING",
    { path },
    `There is no cassette "${path}" to replay. Record it first with mode "record" or "auto", or correct the path.`,
  );
}
