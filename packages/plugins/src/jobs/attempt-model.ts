import type { LanguageModelV4, LLM, ModelOptions } from "@atlas/llm";
import { handled } from "../calling/handled.ts";
import { type AttemptOfRuntime, runtimeOfAttempt } from "./attempt-runtime.ts";

type Request = Parameters<LanguageModelV4["doGenerate"]>[0];

/** The language models of one attempt: a runtime of the attempt, whose models belong to the attempt as well. */
export function llmOfAttempt(llm: LLM, attempt: AttemptOfRuntime): LLM {
  const languageModel: LLM["languageModel"] = (options = {}) => modelOfAttempt(llm, options, attempt);
  return runtimeOfAttempt(llm, attempt, { languageModel });
}

/**
 * A model for one attempt. Its calls end with the attempt at the latest, have its context, and reject once it has ended. While a
 * call is in progress, the attempt is not parked.
 */
function modelOfAttempt(
  llm: LLM,
  given: ModelOptions,
  { signal, context, refuse, during }: AttemptOfRuntime,
): LanguageModelV4 {
  const options: ModelOptions = { ...given, context: { ...given.context, ...context } };
  const model = llm.languageModel(options);
  const { provider, modelId } = model;

  return {
    specificationVersion: "v4",
    provider,
    modelId,
    get supportedUrls() {
      return model.supportedUrls;
    },
    doGenerate: (request) =>
      begun(() => {
        const answer = Promise.resolve(model.doGenerate(ofAttempt(request)));
        keep(answer);
        return answer;
      }),
    doStream: (request) =>
      begun(async () => {
        const { promise, resolve: over } = Promise.withResolvers<void>();
        keep(promise);
        // A stream that nobody reads to its end is over with its route.
        const onRoute: ModelOptions["onRoute"] = (route) => {
          over();
          given.onRoute?.(route);
        };
        try {
          const streaming = llm.languageModel({ ...options, onRoute });
          const { stream, ...rest } = await streaming.doStream(ofAttempt(request));
          return { ...rest, stream: watched(stream, over, signal) };
        } catch (error) {
          over();
          throw error;
        }
      }),
  };

  function keep(call: Promise<unknown>): void {
    during(() => call.then(ignore, ignore)).catch(ignore);
  }

  /** Late code may run in a timer, where a rejection that nobody handles ends the process. */
  function begun<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      refuse();
    } catch (error) {
      return handled(Promise.reject(error));
    }
    return work();
  }

  /** The AI SDK has signals of its own, such as for a time limit, so they are added to the attempt's. */
  function ofAttempt({ abortSignal, ...request }: Request): Request {
    return {
      ...request,
      abortSignal: abortSignal === undefined ? signal : AbortSignal.any([abortSignal, signal]),
    };
  }
}

/** Passes a stream on, and tells when it is over: at its end, when it fails or is left, and with the attempt. */
function watched<Part>(
  stream: ReadableStream<Part>,
  over: () => void,
  signal: AbortSignal,
): ReadableStream<Part> {
  const reader = stream.getReader();
  if (signal.aborted) over();
  else signal.addEventListener("abort", over, { once: true });
  const end = (): void => {
    signal.removeEventListener("abort", over);
    over();
  };
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          end();
          controller.close();
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function ignore(): void {
  // The caller has the answer, and its failure.
}
