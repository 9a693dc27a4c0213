import type {
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import type { AttemptContext } from "@atlas/routing";
import { isContent } from "../ai-sdk/model-content.ts";
import type { ModelEvidence } from "../ai-sdk/model-evidence.ts";
import type { ReadResult } from "../ai-sdk/relay.ts";
import { standInWarning } from "../ai-sdk/stand-in-warning.ts";
import { modelOf } from "../ai-sdk/to-model.ts";
import { isLLMError } from "../contract/errors.ts";
import type { LLMRuntime, ModelOptions } from "../contract/runtime.ts";
import type { ModelHost, Settled } from "./model-host.ts";
import { createStreamedAnswer, type StreamedAnswer } from "./streamed-answer.ts";

type Part = LanguageModelV4StreamPart;
type PartReader = ReadableStreamDefaultReader<Part>;

/** How the whole call ended. */
type Settlement = { readonly settled: Settled<void> } | { readonly error: unknown };

/** A stream that has begun to answer: nobody else is asked from here on. */
interface BegunStream {
  readonly answer: StreamedAnswer;
  readonly reader: PartReader;
  /** The parts up to the first one with content. */
  readonly opening: readonly Part[];
  readonly context: AttemptContext;
  /** Ends the attempt at the candidate. */
  readonly end: (failure?: { readonly error: unknown }) => void;
}

/**
 * Streams from the models of a profile. Parts without content are held back until the first one with content comes; until then,
 * the next candidate can take over. From there on parts are passed on as they are, a failure is an `error` part, and the
 * attempt holds its place until the stream ends, fails or is left.
 */
export function openRoutedStream(
  call: {
    readonly options: ModelOptions;
    /** What the model of a candidate is made with. */
    readonly handedOn: ModelOptions;
    readonly request: LanguageModelV4CallOptions;
  },
  host: ModelHost,
): Promise<LanguageModelV4StreamResult> {
  const { options, handedOn, request } = call;
  const leaving = new AbortController();
  const given = request.abortSignal;
  const signal = given === undefined ? leaving.signal : AbortSignal.any([given, leaving.signal]);
  const opened = Promise.withResolvers<LanguageModelV4StreamResult>();
  let begun: StreamedAnswer | undefined;

  const settlement: Promise<Settlement> = host
    .route({ options, request, signal }, ask)
    .then((outcome) => ({ settled: host.settle({ options, signal }, outcome, begun?.text) }))
    .catch((error: unknown) => {
      opened.reject(error);
      return { error };
    });
  return opened.promise;

  async function ask(runtime: LLMRuntime, context: AttemptContext): Promise<void> {
    const model = modelOf(runtime, handedOn);
    const { stream, ...rest } = await model.doStream({ ...request, abortSignal: context.signal });
    const reader = stream.getReader();
    const cancel = (): void => void reader.cancel(context.signal.reason).catch(() => undefined);
    if (context.signal.aborted) cancel();
    else context.signal.addEventListener("abort", cancel, { once: true });
    const answer = createStreamedAnswer(model);
    try {
      const opening = await readOpening(reader, answer, context.signal);
      if (opening === undefined) {
        // Throws, because an answer without content is not complete.
        answer.complete();
        return;
      }
      begun = answer;
      context.commit();
      const attempt = Promise.withResolvers<void>();
      const end: BegunStream["end"] = (failure) => {
        if (failure === undefined) attempt.resolve();
        else attempt.reject(failure.error);
      };
      const isStandIn = host.standsIn(context.candidate, options);
      const parts = isStandIn ? warned(opening) : opening;
      opened.resolve({ ...rest, stream: passedOn({ answer, reader, opening: parts, context, end }) });
      await attempt.promise;
    } catch (error) {
      cancel();
      throw error;
    }
  }

  /** Passes the parts on, one for each that is read. */
  function passedOn({ answer, reader, opening, context, end }: BegunStream): ReadableStream<Part> {
    let controller: ReadableStreamDefaultController<Part>;
    let hasOpened = false;
    let hasLeft = false;

    const read = (): Promise<void> => reader.read().then(take, fail);
    const take = (next: ReadResult<Part>): Promise<void> | undefined => {
      if (hasLeft) return undefined;
      if (next.done) return complete();
      const part = next.value;
      if (part.type === "error") return fail(part.error);
      answer.note(part);
      // The end waits for its evidence.
      if (answer.isEnding) return read();
      controller.enqueue(part);
      return undefined;
    };
    const complete = (): Promise<void> => {
      try {
        context.used({ ...answer.complete() });
        end();
      } catch (error) {
        end({ error });
      }
      return settlement.then(close);
    };
    const fail = (error: unknown): Promise<void> => {
      end({ error });
      return settlement.then(close);
    };
    const close = (how: Settlement): void => {
      if (hasLeft) return;
      if ("error" in how) {
        // The caller knows why, and the AI SDK looks at the signal.
        if (given?.aborted === true) {
          controller.error(how.error);
          return;
        }
        controller.enqueue({ type: "error", error: how.error });
      }
      for (const part of answer.lastParts(evidenceOf(how))) controller.enqueue(part);
      controller.close();
    };

    return new ReadableStream<Part>(
      {
        start(made) {
          controller = made;
        },
        pull() {
          if (hasOpened) return read();
          hasOpened = true;
          for (const part of opening) controller.enqueue(part);
          return undefined;
        },
        async cancel() {
          hasLeft = true;
          leaving.abort(new DOMException("The reader left the stream before its end.", "AbortError"));
          await settlement;
        },
      },
      // A part is asked for only when it is read.
      { highWaterMark: 0 },
    );
  }
}

/** Reads up to the first part with content. Returns nothing if the stream ends before one. */
async function readOpening(
  reader: PartReader,
  answer: StreamedAnswer,
  signal: AbortSignal,
): Promise<readonly Part[] | undefined> {
  const opening: Part[] = [];
  for (;;) {
    const next = await reader.read();
    // Ignore a candidate that goes on after it was given up.
    signal.throwIfAborted();
    if (next.done) return undefined;
    const part = next.value;
    if (part.type === "error") throw part.error;
    answer.note(part);
    if (part.type !== "ping") opening.push(part);
    if (isContent(part)) return opening;
  }
}

/** Adds the warning that the mock stands in. */
function warned(opening: readonly Part[]): readonly Part[] {
  const start = opening.find((part) => part.type === "stream-start");
  if (start === undefined) return [{ type: "stream-start", warnings: [standInWarning] }, ...opening];
  return opening.map((part) =>
    part === start ? { ...start, warnings: [...start.warnings, standInWarning] } : part,
  );
}

function evidenceOf(how: Settlement): ModelEvidence {
  if ("settled" in how)
    return { route: how.settled.route, ...(how.settled.isStandIn ? { degraded: true } : {}) };
  return isLLMError(how.error) && how.error.route !== undefined ? { route: how.error.route } : {};
}
