import type {
  LanguageModelV2,
  LanguageModelV3,
  LanguageModelV4,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import type { Clock } from "@atlas/routing";
import type { LLMRuntime, ModelOptions } from "../contract/runtime.ts";
import { type Asked, toLLMError } from "./failures/to-llm-error.ts";
import { relayed } from "./relay.ts";
import { asFourthSpec } from "./third-spec.ts";
import { textModel } from "./to-model.ts";
import { createWatch } from "./watch.ts";

/** How the model of a provider is made and asked. */
export interface ProvidedModelParts {
  readonly provider: string;
  /** The name before the package has been loaded. */
  readonly modelId: string;
  readonly load: () => Promise<LanguageModelV4 | LanguageModelV3 | LanguageModelV2>;
  /** The text runtime of the same models. It carries what a model of specification 2 can take. */
  readonly text: LLMRuntime;
  readonly options: ModelOptions;
  readonly asked: (model: string | undefined, text?: string) => Asked;
  readonly firstPartMs: number;
  readonly idleMs: number;
  readonly clock: Clock;
}

/**
 * The model of a provider, loaded at its first call. It passes calls and answers on as they are, limits the pauses of a stream,
 * and fails with `LLMError`s, which hold no secrets.
 */
export function createProvidedModel(parts: ProvidedModelParts): LanguageModelV4 {
  const { provider, modelId, load, text, options, asked, firstPartMs, idleMs, clock } = parts;
  let name = modelId;
  const model = async (): Promise<LanguageModelV4> => {
    const loaded = await load();
    name = loaded.modelId;
    switch (loaded.specificationVersion) {
      case "v4":
        return loaded;
      case "v3":
        return asFourthSpec(loaded);
      default:
        return textModel(text, options);
    }
  };

  return {
    specificationVersion: "v4",
    provider,
    get modelId() {
      return name;
    },
    get supportedUrls() {
      return model().then(({ supportedUrls }) => supportedUrls);
    },
    async doGenerate(request) {
      try {
        return await (await model()).doGenerate(request);
      } catch (error) {
        request.abortSignal?.throwIfAborted();
        throw toLLMError(error, asked(name));
      }
    },
    async doStream(request) {
      const signal = request.abortSignal ?? new AbortController().signal;
      const watch = createWatch({ clock, signal, firstPartMs, idleMs });
      const failure = (error: unknown): unknown =>
        signal.aborted ? signal.reason : toLLMError(watch.timeout ?? error, asked(name));
      try {
        const made = await watch.whileWaiting(model(), () => undefined);
        const { stream, ...rest } = await watch.whileWaiting(
          made.doStream({ ...request, abortSignal: watch.signal }),
          (late) => late.stream.cancel().catch(() => undefined),
        );
        let hasPart = false;
        const relay = relayed(stream, {
          signal: watch.signal,
          asked() {
            if (hasPart) watch.seen();
          },
          part(part): LanguageModelV4StreamPart {
            hasPart = true;
            // A reader who is slow is not a model that pauses.
            watch.seen();
            watch.hold();
            return part.type === "error" ? { type: "error", error: failure(part.error) } : part;
          },
          failed: failure,
          over: watch.end,
        });
        return { ...rest, stream: relay };
      } catch (error) {
        watch.end();
        throw failure(error);
      }
    },
  };
}
