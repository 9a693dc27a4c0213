export { routingJsonSchema } from "./config/config.ts";
export { didYouMean, nearestName } from "./nearest.ts";
