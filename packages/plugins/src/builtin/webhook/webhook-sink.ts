import { type DomainEvent, type JsonValue, jsonText } from "@atlas/core";
import { z } from "zod";
import type { EventFilter } from "../../contract/event-filter.ts";
import { defineSink, type SinkContext, type SinkPlugin } from "../../contract/sink.ts";
import { exchange, statusError } from "../http.ts";
import { countOption, functionOption, idOption, onOption, readOptions } from "../options.ts";
import { addressOption, headersOption } from "../web-options.ts";
import { SECRET_MUST, webhookDigest, webhookKey } from "./signature.ts";

/** Options of {@link createWebhookSink}. */
export interface WebhookSinkOptions {
  /** The address that gets a POST for each event. Errors never quote its path and query, which may be a secret. */
  readonly url: string;
  /** The key that signs each delivery: at least 16 bytes, or `whsec_` and base64. Default: deliveries are not signed. */
  readonly secret?: string;
  /** Default: `webhook`. */
  readonly id?: string;
  /** The events to send, as in `SinkPlugin.on`. Default: all. */
  readonly on?: readonly (string | EventFilter)[];
  /** Headers of each delivery. Default: none of your own. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Time limit of one delivery, in milliseconds. Default: 10,000. A slow receiver delays the events behind it by as much, so let it
   * answer first and work later.
   */
  readonly timeoutMs?: number;
  /**
   * Makes the body for an event; `undefined` skips the event. Return the same body for the same event, because a retry sends it again.
   * Default: the event's id, type, aggregate id, payload and time.
   */
  readonly body?: WebhookBody;
}

/** Makes the body for an event. */
type WebhookBody = (
  event: DomainEvent,
  ctx: Pick<SinkContext, "repo">,
) => JsonValue | undefined | Promise<JsonValue | undefined>;

const optionsSchema = z.strictObject({
  url: addressOption,
  secret: z
    .string(SECRET_MUST)
    .refine((secret) => webhookKey(secret) !== undefined, SECRET_MUST)
    .optional(),
  id: idOption.default("webhook"),
  on: onOption.optional(),
  headers: headersOption.default({}),
  timeoutMs: countOption({ min: 1, max: 30_000 }).default(10_000),
  body: functionOption<WebhookBody>().default(() => eventBody),
});

/**
 * A sink that posts each event to an address. With a `secret` it signs as Standard Webhooks 1.0 does: the receiver passes `webhook-id`
 * (the event's id, the same at every delivery), `webhook-timestamp` and `webhook-signature` to {@link verifyWebhook}. A 2xx answer
 * acknowledges the event. No answer, 408, 425, 429 and 5xx are retried; any other answer, also a redirect, makes a dead letter.
 *
 * @example
 * ```ts
 * const sink = createWebhookSink({ url: "https://example.invalid/hook", secret: "at least 16 bytes", on: ["job.*"] });
 * assert.equal(sink.id, "webhook");
 * assert.throws(() => createWebhookSink({ url: "https://example.invalid/hook", secret: "short" }), TypeError);
 * ```
 */
export function createWebhookSink(options: WebhookSinkOptions): SinkPlugin {
  const { url, secret, id, on, headers, timeoutMs, body } = readOptions(
    "createWebhookSink",
    optionsSchema,
    options,
  );
  const key = secret === undefined ? undefined : webhookKey(secret);
  const { origin } = new URL(url);

  return defineSink({
    id,
    ...(on === undefined ? {} : { on }),
    async handle(event, ctx) {
      const { signal, clock } = ctx;
      const content = await body(event, ctx);
      if (content === undefined) return;
      const text = jsonText(content);
      const sent = headersFor(event.id, text, clock.now());
      const response = await exchange({ origin, signal, clock, timeoutMs }, async (within) => {
        const answer = await fetch(url, {
          method: "POST",
          headers: sent,
          body: text,
          redirect: "manual",
          signal: within,
        });
        await answer.body?.cancel();
        return answer;
      });
      if (!response.ok) throw statusError(origin, response, clock.now());
    },
  });

  function headersFor(eventId: string, text: string, now: number): Headers {
    const timestamp = String(Math.floor(now / 1_000));
    const sent = new Headers(headers);
    sent.set("content-type", "application/json");
    sent.set("webhook-id", eventId);
    sent.set("webhook-timestamp", timestamp);
    if (key !== undefined) {
      const digest = webhookDigest(key, { id: eventId, timestamp, body: text });
      sent.set("webhook-signature", `v1,${digest.toString("base64")}`);
    }
    return sent;
  }
}

function eventBody({ id, type, aggregate_id, payload, created_at }: DomainEvent): JsonValue {
  return { id, type, ...(aggregate_id === undefined ? {} : { aggregate_id }), payload, created_at };
}
