export { isPlaceholder, type Placeholder, templateParts } from "./config/placeholders.ts";
export { routingJsonSchema } from "./config/schema.ts";
export { credentialsIn, looksLikeKey } from "./config/secret-in-config.ts";
export { checkOptions } from "./known-options.ts";
export { guardLogger } from "./logger.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export { redactSecrets } from "./redaction/redact.ts";
