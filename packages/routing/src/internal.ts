export { routingJsonSchema } from "./config/config.ts";
export { checkOptions } from "./known-options.ts";
export { didYouMean, nearestName } from "./nearest.ts";
