import { hostOf } from "../../host.ts";
import type { Call } from "../app/handler.ts";
import { omittedKinds } from "./answer/content.ts";
import type { AnswerFrame } from "./answer/frame.ts";
import { type AnswerStream, openAnswerStream } from "./answer-stream.ts";
import { type Evidence, evidenceHeaders, evidenceOf, isDegraded } from "./evidence.ts";
import { knownProfile } from "./known-profile.ts";
import type { CallOptions, GenerateResult } from "./sdk-types.ts";

/** A request below `/v1`, whatever it asks. */
export type V1Call = Call<unknown, unknown, unknown>;

/** Asks a profile for a whole answer. Returns it with the headers that say who gave it. */
export async function askModel(
  call: V1Call,
  profile: string,
  options: CallOptions,
): Promise<{ readonly result: GenerateResult; readonly headers: Record<string, string> }> {
  const model = modelOf(call, profile);
  const result = await model.doGenerate({ ...options, abortSignal: call.signal });
  const { warnings, content, providerMetadata, response } = result;
  const evidence = evidenceOf(providerMetadata, { model: response?.modelId, degraded: isDegraded(warnings) });
  logAnswer(call, profile, { evidence, usage: result.usage });
  return { result, headers: evidenceHeaders(evidence, { warnings, omitted: omittedKinds(content) }) };
}

/** Asks a profile for an answer in parts. Rejects as long as nobody has begun to answer. */
export async function streamModel(
  call: V1Call,
  profile: string,
  options: CallOptions,
): Promise<AnswerStream> {
  const model = modelOf(call, profile);
  const { stream } = await model.doStream({ ...options, abortSignal: call.signal });
  return openAnswerStream(stream, {
    onEnd: (evidence, usage) => logAnswer(call, profile, { evidence, usage }),
  });
}

/** What the answer to a call says of itself. */
export function frameOf(call: V1Call, model: string): AnswerFrame {
  const { clock } = hostOf("The HTTP adapter", call.gateway);
  return { requestId: call.requestId, model, created: Math.floor(clock.now() / 1_000) };
}

/** The model of a profile, whose calls carry the context of the request. */
function modelOf({ gateway, envelope }: V1Call, profile: string) {
  const { context } = envelope;
  return gateway.llm.languageModel({
    profile: knownProfile(gateway, profile),
    ...(context === undefined ? {} : { context }),
  });
}

function logAnswer(
  { log, envelope }: V1Call,
  profile: string,
  { evidence, usage }: { readonly evidence: Evidence; readonly usage: GenerateResult["usage"] },
): void {
  const tokens = { inputTokens: usage.inputTokens.total, outputTokens: usage.outputTokens.total };
  log.info(
    { profile, ...evidence, ...tokens, actor: envelope.context?.actor },
    "A model answered a request.",
  );
}
