import type { LanguageModelV4, LLM, LLMOptions, ModelOptions } from "@atlas/llm";
import { answerOf, isWrongCall, type LLMCall, relayed, saysStandIn } from "@atlas/llm/module";
import type { Route } from "@atlas/routing";
import type { CallEnd } from "./call-evidence.ts";

/** What keeps the evidence of one call of a model. */
interface WatchedCall {
  readonly onRoute: (route: Route) => void;
  begin(): void;
  keep(end: Omit<CallEnd, "routes">): void;
}

/** A model for the AI SDK whose calls are kept with the job, each like a call of `ctx.llm`. */
export function createAttemptModel(
  options: ModelOptions,
  {
    llm,
    watch,
    onStandIn,
  }: {
    readonly llm: LLM;
    readonly watch: (method: LLMCall["method"], call: Omit<LLMOptions, "signal">) => WatchedCall;
    /** Called as soon as it is known that the mock stands in for a model. */
    readonly onStandIn: () => void;
  },
): LanguageModelV4 {
  const asked = llm.languageModel(options);
  const { provider, modelId } = asked;

  return {
    specificationVersion: "v4",
    provider,
    modelId,
    get supportedUrls() {
      return asked.supportedUrls;
    },
    async doGenerate(request) {
      const { onRoute, begin, keep } = watch("model", options);
      begin();
      try {
        const result = await llm.languageModel({ ...options, onRoute }).doGenerate(request);
        keep({ result: answerOf(result, asked) });
        return result;
      } catch (error) {
        if (!isWrongCall(error)) keep({ error });
        throw error;
      }
    },
    async doStream(request) {
      const { onRoute, begin, keep } = watch("model_stream", options);
      begin();
      let isOpen = false;
      const onRouteOfStream = (route: Route): void => {
        onRoute(route);
        // The stream may be read no further, so that nobody would hear of its end.
        if (isOpen && route.candidate === undefined) keep({ error: errorOfBrokenStream(route) });
      };
      try {
        const model = llm.languageModel({ ...options, onRoute: onRouteOfStream });
        const { stream, ...rest } = await model.doStream(request);
        isOpen = true;
        const watched = relayed(stream, {
          part(part) {
            if (part.type === "stream-start" && saysStandIn(part.warnings)) onStandIn();
            else if (part.type === "error") keep({ error: part.error });
            else if (part.type === "finish") keep({ result: answerOf(part, asked) });
            return part;
          },
          failed(error) {
            keep({ error });
            return error;
          },
          over(how) {
            if (how !== "failed") keep({ error: { name: "AbortError" } });
          },
        });
        return { ...rest, stream: watched };
      } catch (error) {
        if (!isWrongCall(error)) keep({ error });
        throw error;
      }
    },
  };
}

/** The error that the stream has as its last part, as far as the evidence names it. */
function errorOfBrokenStream({ attempts }: Route): { readonly code: string } | { readonly name: string } {
  switch (attempts.at(-1)?.outcome) {
    case "aborted":
      return { name: "AbortError" };
    case "rejected":
      return { code: "ATLAS_LLM_REJECTED" };
    default:
      return { code: "ATLAS_LLM_TRUNCATED" };
  }
}
