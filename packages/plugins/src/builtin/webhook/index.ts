export { type VerifiedWebhook, type VerifyWebhookOptions, verifyWebhook } from "./verify-webhook.ts";
export { createWebhookSink, type WebhookSinkOptions } from "./webhook-sink.ts";
export { createWebhookSource, type WebhookSourceOptions } from "./webhook-source.ts";
