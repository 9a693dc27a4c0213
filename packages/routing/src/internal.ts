export {
  builtInCandidates,
  type ModelKind,
  type ServiceSetting,
  type ServiceType,
  services,
  serviceTypeOf,
  serviceTypes,
  settingPattern,
} from "./config/model-services.ts";
export { isPlaceholder, type Placeholder, templateParts } from "./config/placeholders.ts";
export { candidatesOf, profileName } from "./config/profile.ts";
export { routingJsonSchema } from "./config/schema.ts";
export { credentialsIn, looksLikeKey } from "./config/secret-in-config.ts";
export { checkOptions } from "./known-options.ts";
export { guardLogger } from "./logger.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export { redactSecrets } from "./redaction/redact.ts";
