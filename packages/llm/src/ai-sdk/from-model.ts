import type {
  LanguageModelV2,
  LanguageModelV3,
  LanguageModelV4,
  LanguageModelV4CallOptions,
} from "@ai-sdk/provider";
import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import { isClosed } from "../calling/closed-schema.ts";
import { type Deadline, lateError, withinDeadline } from "../calling/deadline.ts";
import { createStream } from "../calling/stream.ts";
import type { JsonRequest, LLMOptions, LLMResult, LLMRuntime, ModelOptions } from "../contract/runtime.ts";
import { type Ending, resultOf } from "./ending.ts";
import { type Asked, toLLMError } from "./failures/to-llm-error.ts";
import { promptOf } from "./prompt.ts";
import { createProvidedModel } from "./provided-model.ts";
import { createWatch } from "./watch.ts";

/** A language model of the AI SDK, in the current version of its specification or an older one. */
export type LanguageModel = LanguageModelV4 | LanguageModelV3 | LanguageModelV2;

/** The options of a runtime over a model of the AI SDK. */
export interface FromModelOptions {
  /** The `provider` of results and errors. Default: the provider of the model, up to its first dot. */
  readonly provider?: string;
  /** Keys that are removed from every error message. Default: none; the shapes of well-known keys are removed anyway. */
  readonly secrets?: readonly string[];
  /**
   * Time until the first part of a stream, in milliseconds (default 30,000). Raise it for models that reason for long: the pings
   * of a service are not heard through a model of the AI SDK.
   */
  readonly firstPartMs?: number;
  /** The longest pause between two parts of a stream, in milliseconds (default 30,000). */
  readonly idleMs?: number;
  readonly clock?: Clock;
}

const DEFAULT_PAUSE_MS = 30_000;

const known: Readonly<Record<keyof FromModelOptions, true>> = {
  provider: true,
  secrets: true,
  firstPartMs: true,
  idleMs: true,
  clock: true,
};

/**
 * Turns a language model of the AI SDK into a runtime. It asks once: retries are the task of the router. An answer that was
 * cut off, filtered or empty rejects with an `LLMError`, and so does a call whose `deadlineMs` has passed.
 *
 * @example
 * ```ts
 * // Any model of the AI SDK; here one made from a runtime, so that it needs no key.
 * const model = toModel(createMockLLM({ script: ["Ahoy"] }));
 * assert.equal((await fromModel(model).generateText({ prompt: "Hello" })).text, "Ahoy");
 * ```
 */
export function fromModel(model: LanguageModel, options: FromModelOptions = {}): Required<LLMRuntime> {
  checkOptions("fromModel", options, Object.keys(known));
  return fromModels(() => Promise.resolve(model), {
    ...options,
    provider: options.provider ?? model.provider.split(".")[0] ?? model.provider,
    modelId: model.modelId,
  });
}

/** Does the same for a provider that offers several models and may have to be loaded first. */
export function fromModels(
  modelFor: (name: string | undefined) => Promise<LanguageModel>,
  given: FromModelOptions & {
    readonly provider: string;
    /** The model of a call that names none, where it is known before it is loaded. */
    readonly modelId?: string | undefined;
  },
): Required<LLMRuntime> {
  const { provider, secrets, clock = systemClock } = given;
  const { firstPartMs = DEFAULT_PAUSE_MS, idleMs = DEFAULT_PAUSE_MS } = given;
  // A router asks for the same model at every call, and an object with getters is expensive to make.
  const models = new WeakMap<ModelOptions, LanguageModelV4>();

  const runtime: Required<LLMRuntime> = {
    generateText(call) {
      const soFar = { model: call.model, text: "" };
      return withinDeadline(call, deadlineOf(call, soFar), (timed) => generate(timed, soFar));
    },
    streamText: (call) =>
      createStream(call.signal, (emit, signal) => {
        const soFar = { model: call.model, text: "" };
        return withinDeadline({ ...call, signal }, deadlineOf(call, soFar), (timed) =>
          stream({ ...timed, signal: timed.signal ?? signal }, soFar, emit),
        );
      }),
    languageModel(options = {}) {
      const before = models.get(options);
      if (before !== undefined) return before;
      const made = createProvidedModel({
        provider,
        modelId: options.model ?? given.modelId ?? provider,
        load: () => modelFor(options.model),
        text: runtime,
        options,
        asked: (model, text = "") => asked(options, { model, text }),
        firstPartMs,
        idleMs,
        clock,
      });
      models.set(options, made);
      return made;
    },
  };
  return runtime;

  async function generate(call: LLMOptions, soFar: Progress): Promise<LLMResult> {
    call.signal?.throwIfAborted();
    try {
      const model = await modelFor(call.model);
      soFar.model = model.modelId;
      // Sound: the three versions take the same request, as far as it is used here.
      const answer = await (model as LanguageModelV4).doGenerate(requestOf(call, call.signal));
      const text = answer.structuredOutputText ?? textOf(answer.content);
      return resultOf({
        provider,
        model: answer.response?.modelId ?? model.modelId,
        text,
        end: answer,
        kinds: kindsOf(answer.content),
      });
    } catch (error) {
      call.signal?.throwIfAborted();
      throw toLLMError(error, asked(call, soFar));
    }
  }

  async function stream(
    call: LLMOptions & { readonly signal: AbortSignal },
    soFar: Progress,
    emit: (piece: string) => Promise<void>,
  ): Promise<LLMResult> {
    call.signal.throwIfAborted();
    const watch = createWatch({ clock, signal: call.signal, firstPartMs, idleMs });
    try {
      const model = await modelFor(call.model);
      soFar.model = model.modelId;
      // Sound for the same reason.
      const answering = (model as LanguageModelV4).doStream(requestOf(call, watch.signal));
      const answer = await watch.whileWaiting(answering, (late) => dismiss(late.stream));
      const reader = answer.stream.getReader();
      watch.onAbort((reason) => dismiss(reader, reason));
      const kinds = new Set<string>();
      let end: Ending | undefined;
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        watch.seen();
        const { value } = part;
        if (value.type === "text-delta") {
          soFar.text += value.delta;
          // A reader who is slow is not a model that pauses.
          watch.hold();
          await emit(value.delta);
          watch.seen();
        } else if (value.type === "response-metadata") {
          soFar.model = value.modelId ?? soFar.model;
        } else if (value.type === "error") {
          dismiss(reader);
          throw value.error;
        } else if (value.type === "finish") {
          end = value;
        } else {
          kinds.add(value.type);
        }
      }
      watch.signal.throwIfAborted();
      return resultOf({ provider, model: soFar.model ?? model.modelId, text: soFar.text, end, kinds });
    } catch (error) {
      call.signal.throwIfAborted();
      throw toLLMError(watch.timeout ?? error, asked(call, soFar));
    } finally {
      watch.end();
    }
  }

  function asked(call: Pick<LLMOptions, "model">, { model, text }: Progress): Asked {
    return { provider, model, isChosen: call.model !== undefined, secrets, now: clock.now(), text };
  }

  function deadlineOf({ deadlineMs }: LLMOptions, soFar: Progress): Deadline {
    return { clock, deadlineMs, late: (ms) => lateError({ provider, ...soFar, deadlineMs: ms }) };
  }
}

/** What is known of an answer that is on its way. */
interface Progress {
  model: string | undefined;
  text: string;
}

/** Ends a stream that nobody wants. A stream that cannot even be ended is nobody's concern. */
function dismiss(stream: { cancel(reason?: unknown): Promise<void> }, reason?: unknown): void {
  stream.cancel(reason).catch(() => undefined);
}

function requestOf(call: LLMOptions, signal: AbortSignal | undefined): LanguageModelV4CallOptions {
  const { temperature, maxTokens, json } = call;
  return {
    prompt: promptOf(call),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(json === undefined ? {} : formatOf(json)),
    ...(signal === undefined ? {} : { abortSignal: signal }),
  };
}

function formatOf({
  schema,
  strictSchema,
}: JsonRequest): Pick<LanguageModelV4CallOptions, "responseFormat" | "providerOptions"> {
  const sent = strictSchema ?? schema;
  if (sent === undefined) return { responseFormat: { type: "json" } };
  return {
    // Sound if the caller passed a JSON Schema; a service rejects anything else.
    responseFormat: { type: "json", schema: sent as JsonSchema, name: "answer" },
    ...(isClosed(sent) ? {} : { providerOptions: notStrict }),
  };
}

// The packages ask for strict mode on their own, and a service refuses an open schema in it. Others ignore the option.
const notStrict = {
  openai: { strictJsonSchema: false },
  openaiCompatible: { strictJsonSchema: false },
};

type JsonSchema = NonNullable<
  Extract<LanguageModelV4CallOptions["responseFormat"], { type: "json" }>["schema"]
>;

function kindsOf(content: readonly { readonly type: string }[]): readonly string[] {
  return content.map(({ type }) => type);
}

function textOf(content: readonly { readonly type: string; readonly text?: unknown }[]): string {
  return content
    .map((part) => (part.type === "text" && typeof part.text === "string" ? part.text : ""))
    .join("");
}
