import { z } from "zod";
import type { SourceDelivery, SourcePlugin, SourceReceiveContext } from "../../contract/source.ts";
import { countOption, functionOption, idOption, readOptions } from "../options.ts";
import { SECRET_MUST, webhookKey } from "./signature.ts";
import { verifyWebhook } from "./verify-webhook.ts";

/** Options of {@link createWebhookSource}. */
export interface WebhookSourceOptions {
  /** The id of the source, which is also the end of its address: `POST /webhooks/<id>`. */
  readonly id: string;
  /** The sender's secret: at least 16 bytes, or `whsec_` and base64; several while one replaces another. */
  readonly secret: string | readonly string[];
  /**
   * Sends what is in a delivery as commands. It has 30 s. Send the same commands in the same order for the same delivery, because it may
   * come again.
   */
  readonly receive: ReceiveWebhook;
  /** How far the sender's clock may be off, and how old a delivery may be, in milliseconds. Default: 300,000 (5 min). */
  readonly toleranceMs?: number;
}

/** Sends what is in a delivery as commands. */
type ReceiveWebhook = (ctx: SourceReceiveContext, delivery: SourceDelivery) => Promise<void>;

const optionsSchema = z.strictObject({
  id: idOption,
  secret: z.custom<string | readonly string[]>((value) => {
    const secrets = [value].flat();
    return (
      secrets.length > 0 && secrets.every((one) => typeof one === "string" && webhookKey(one) !== undefined)
    );
  }, SECRET_MUST),
  receive: functionOption<ReceiveWebhook>(),
  toleranceMs: countOption({ min: 1, max: 86_400_000 }).default(300_000),
});

/**
 * A source that others push to: with `gateway.receive`, or over HTTP at `/webhooks/<id>`. Deliveries are signed as Standard Webhooks 1.0
 * says, which is what {@link createWebhookSink} and many services do; nothing of a delivery is read before its signature is checked. The
 * sender's `webhook-id` makes the ids of the commands, so a delivery that is sent again changes nothing.
 *
 * @example
 * ```ts
 * const source = createWebhookSource({
 *   id: "shop",
 *   secret: "at least 16 bytes",
 *   receive: async (ctx, { id, body }) => {
 *     await ctx.commands.enqueue({ type: "event.insert", event: { type: "order", source: "shop", external_id: id, data: { body } } });
 *   },
 * });
 * assert.equal(source.id, "shop");
 * ```
 */
export function createWebhookSource(options: WebhookSourceOptions): SourcePlugin {
  const { id, secret, receive, toleranceMs } = readOptions("createWebhookSource", optionsSchema, options);
  return {
    id,
    // There is nothing to read: everything comes by itself.
    sync: async () => undefined,
    verify: ({ headers, body, now }) => verifyWebhook({ headers, body, now, secret, toleranceMs }),
    receive: (ctx, delivery) => receive(ctx, delivery),
  };
}
