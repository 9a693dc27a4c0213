export { routingJsonSchema } from "./config/config.ts";
export { checkOptions } from "./known-options.ts";
export { guardLogger } from "./logger.ts";
export { didYouMean, nearestName } from "./nearest.ts";
