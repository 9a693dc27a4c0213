import { type DomainEvent, type JsonValue, jsonText } from "@atlas/core";
import { z } from "zod";
import { PluginError } from "../../contract/errors.ts";
import { defineSink, type SinkContext, type SinkPlugin } from "../../contract/sink.ts";
import { exchange, statusError } from "../http.ts";
import { countOption, functionOption, idOption, readOptions, textsOption } from "../options.ts";
import { addressOption, headersOption } from "../web-options.ts";
import { SECRET_MUST, webhookDigest, webhookKey } from "./signature.ts";

/** Where events are sent, and how. */
export interface WebhookSinkOptions {
  /** Receives a POST for each event. Its path and query are treated as secret. */
  readonly url: string;
  /** Signs each delivery: at least 16 bytes, or `whsec_` and base64. Default: deliveries are not signed. */
  readonly secret?: string;
  /** Default: `webhook`. */
  readonly id?: string;
  /** Which events, such as `artifact.created` or `job.*`. Default: all. */
  readonly on?: readonly string[];
  /** Sent with each delivery. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a delivery may take, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /**
   * What to send for an event; nothing leaves it out. The same event should give the same body. Default: its id, type,
   * aggregate id, payload and time.
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
  on: textsOption("must be a list of event types such as job.*").optional(),
  headers: headersOption.default({}),
  timeoutMs: countOption({ min: 1, max: 30_000 }).default(10_000),
  body: functionOption<WebhookBody>().default(() => eventBody),
});

/**
 * A sink that sends each event to an address, signed as Standard Webhooks 1.0 has it: `webhook-id` is the event's id,
 * the same each time it comes, `webhook-timestamp` and `webhook-signature` are for {@link verifyWebhook}. An answer of 2xx
 * acknowledges; after 408, 425, 429, 5xx or none it comes again; other answers, redirects among them, are final.
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
      const { status } = response;
      if (status >= 300 && status < 400) {
        const message = `${origin} redirects (${status}), which is not followed; give the webhook's own address.`;
        throw new PluginError("ATLAS_PLUGINS_HTTP_REFUSED", { origin, status }, message);
      }
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
