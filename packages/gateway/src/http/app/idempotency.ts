import { createHash } from "node:crypto";
import { type Envelope, isoTime, type Logger } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";
import type { Host } from "../../host.ts";
import { KEEP_ANSWERS_MS, MAX_ANSWER_BYTES } from "../module/answer-commands.ts";
import type { HttpCommand } from "../module/http-module.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** An answer as it was sent. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request with an `Idempotency-Key`, while it is being answered. */
export interface KeyedRequest {
  /** What the first request with this key was answered, if that is kept. */
  readonly kept: KeptAnswer | undefined;
  /** The command that keeps an answer, or nothing where it is too long. */
  keeping(answer: KeptAnswer): HttpCommand | undefined;
  /** Lets the next request with this key in. */
  [Symbol.dispose](): void;
}

/** Begins a request with a key. Throws 409 while another one with it is being answered, and 422 if that one was about something else. */
export type BeginKeyed = (request: {
  readonly tokenId: string;
  readonly key: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: Uint8Array;
}) => Promise<KeyedRequest>;

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The idempotency keys of one gateway. */
export function createIdempotency(gateway: Gateway, { clock, answering }: Host): BeginKeyed {
  return async ({ tokenId, key, method, target, body }) => {
    if (!KEY.test(key))
      throw new ProblemError(
        "ATLAS_HTTP_KEY_INVALID",
        "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID.",
      );
    const name = `${tokenId} ${key}`;
    if (answering.has(name))
      throw new ProblemError(
        "ATLAS_HTTP_KEY_IN_USE",
        "A request with this Idempotency-Key is being answered. Repeat yours to get its answer.",
        { headers: { "retry-after": "1" } },
      );
    answering.add(name);
    try {
      const request_hash = createHash("sha256").update(`${method}\n${target}\n`).update(body).digest("hex");
      const found = await gateway.repo.http.findAnswer(tokenId, key);
      // Pruning may be late; the promise is about the time.
      const isKept = found !== undefined && found.created_at > isoTime(clock.now() - KEEP_ANSWERS_MS);
      if (isKept && found.request_hash !== request_hash)
        throw new ProblemError(
          "ATLAS_HTTP_KEY_REUSED",
          "This Idempotency-Key was used for another request. Use a new key for each request.",
        );
      return {
        kept: isKept ? { status: found.status, body: found.body } : undefined,
        keeping: (answer) =>
          Buffer.byteLength(answer.body) > MAX_ANSWER_BYTES
            ? undefined
            : { type: "http.answer.record", token_id: tokenId, key, request_hash, ...answer },
        [Symbol.dispose]: () => void answering.delete(name),
      };
    } catch (error) {
      answering.delete(name);
      throw error;
    }
  };
}

/**
 * Keeps the answer to a request whose effect is on disk already. Between the two a crash loses the answer, and the repeated request is
 * carried out again: routes that do so are safe to repeat. It fails nothing, since the effect has happened.
 */
export async function keepAfterwards(
  command: HttpCommand | undefined,
  { host, envelope, log }: { readonly host: Host; readonly envelope: Envelope; readonly log: Logger },
): Promise<void> {
  if (command === undefined) return;
  try {
    await host.commands.enqueue(command, envelope);
  } catch (error) {
    log.warn({ error }, "The answer to a request with an Idempotency-Key could not be kept.");
  }
}
