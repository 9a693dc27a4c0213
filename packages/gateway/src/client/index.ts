export type { RouteGroup } from "../http/contract/route.ts";
export type { Client } from "./client.ts";
export { ClientError, type ClientErrorCode, isClientError } from "./client-error.ts";
export type { CallOptions, ClientOptions } from "./client-options.ts";
export { createClient } from "./create-client.ts";
export type { FollowEvents, FollowEventsOptions } from "./follow-events.ts";
export type { FollowJob } from "./follow-job.ts";
export type { DomainEventRecord, FollowedJob, MissedEvents, Problem } from "./records.ts";
