export type { Clock } from "./clock.ts";
export type { Logger } from "./logger.ts";
