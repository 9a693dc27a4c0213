import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { createEmbeddings } from "../contract/v1.ts";
import { answered, jsonResponse } from "./answered.ts";
import { evidenceHeaders, evidenceOf } from "./evidence.ts";
import { knownProfile } from "./known-profile.ts";
import { embeddingsFields } from "./request/embeddings-request.ts";
import { checkFields } from "./request/known-fields.ts";

/** Embeddings. */
export const embeddingsRoute: HttpRoute = handleRoute(createEmbeddings, (call) =>
  answered(call, async () => {
    const { gateway, body, signal } = call;
    checkFields(body, embeddingsFields);
    const { dimensions, encoding_format: encoding = "float" } = body;
    const model = gateway.embeddingModel(knownProfile(gateway, body.model));
    const values = [body.input].flat();
    const most = (await model.maxEmbeddingsPerCall) ?? values.length;
    const embeddings: number[][] = [];
    let tokens = 0;
    let evidence = evidenceOf(undefined);
    for (let from = 0; from < values.length; from += most) {
      const result = await model.doEmbed({
        values: values.slice(from, from + most),
        ...(dimensions === undefined ? {} : { dimensions }),
        abortSignal: signal,
      });
      embeddings.push(...result.embeddings);
      tokens += result.usage?.tokens ?? 0;
      const { attempts = 0 } = evidence;
      evidence = evidenceOf(result.providerMetadata);
      evidence = { ...evidence, attempts: attempts + (evidence.attempts ?? 0) };
    }
    const data = embeddings.map((embedding, index) => ({
      object: "embedding",
      index,
      embedding: encoding === "base64" ? base64Of(embedding) : embedding,
    }));
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    const headers = evidenceHeaders(evidence, { warnings: [] });
    return jsonResponse({ object: "list", data, model: body.model, usage }, headers);
  }),
);

/** Numbers of 32 bits, the lowest byte first, whatever the machine. */
function base64Of(embedding: readonly number[]): string {
  const bytes = Buffer.alloc(embedding.length * 4);
  embedding.forEach((value, index) => void bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}
