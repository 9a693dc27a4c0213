import { type Evidence, evidenceHeaders, evidenceOf, isDegraded } from "./evidence.ts";
import type { GenerateResult, StreamPart, Warning } from "./sdk-types.ts";

/** An answer that has begun. */
export interface AnswerStream {
  /** What is known of who answers. */
  readonly headers: Record<string, string>;
  /** The next part; nothing after the last one. Rejects where the answer broke off. */
  next(): Promise<StreamPart | undefined>;
  /** Leaves the answer, which ends the call of the service at once. */
  leave(reason?: unknown): Promise<void>;
  /** Who answered; known once the last part has come. */
  readonly evidence: () => Evidence;
}

/**
 * Reads a stream up to the first part that says something, so that the headers of the response can say who answers, and an answer that
 * fails before it begins still gets a status of its own.
 */
export async function openAnswerStream(
  stream: ReadableStream<StreamPart>,
  { onEnd }: { readonly onEnd: (evidence: Evidence, usage: GenerateResult["usage"]) => void },
): Promise<AnswerStream> {
  const reader = stream.getReader();
  let warnings: readonly Warning[] = [];
  let model: string | undefined;
  let evidence: Evidence = { degraded: false };
  const held: StreamPart[] = [];

  for (;;) {
    const part = await read();
    if (part !== undefined) held.push(part);
    if (part === undefined || !["stream-start", "response-metadata", "ping", "raw"].includes(part.type))
      break;
  }

  return {
    headers: evidenceHeaders(evidence, { warnings }),
    async next() {
      return held.length > 0 ? held.shift() : read();
    },
    leave: (reason) => reader.cancel(reason),
    evidence: () => evidence,
  };

  async function read(): Promise<StreamPart | undefined> {
    const { done, value: part } = await reader.read();
    if (done) return undefined;
    switch (part.type) {
      case "stream-start":
        warnings = part.warnings;
        evidence = { ...evidence, degraded: isDegraded(warnings) };
        break;
      case "response-metadata":
        model = part.modelId;
        evidence = { ...evidence, model };
        break;
      case "finish":
        evidence = evidenceOf(part.providerMetadata, { model, degraded: evidence.degraded });
        onEnd(evidence, part.usage);
        break;
      case "error":
        throw part.error;
      default:
        break;
    }
    return part;
  }
}
