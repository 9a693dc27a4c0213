import type { contracts } from "../http/contract/all-contracts.ts";

/** How an operation is asked for: what the client has to know of its contract at run time. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** Where what the caller gives goes; `empty`: the body is always an empty object. Default: it takes nothing. */
  readonly input?: "query" | "body" | "empty";
  /** True where the server keeps the answer under an `Idempotency-Key`. */
  readonly keyed?: true;
  /** Statuses beside 2xx that come with an answer. */
  readonly otherStatuses?: readonly number[];
  /** What it answers with. Default: JSON. */
  readonly answer?: "text" | "nothing" | "stream";
}

const get = (path: string): Operation => ({ method: "GET", path });
const list = (path: string): Operation => ({ method: "GET", path, input: "query" });
const post = (path: string): Operation => ({ method: "POST", path, input: "body", keyed: true });
const act = (path: string): Operation => ({ method: "POST", path, input: "empty", keyed: true });
const command = (path: string): Operation => ({ ...act(path), answer: "nothing" });

/** Every operation of the server; a test compares this table with the contracts. */
export const operations = {
  "health.live": get("/health"),
  "health.ready": { ...get("/ready"), otherStatuses: [503] },
  openapi: get("/openapi.json"),
  "jobs.create": post("/jobs"),
  "jobs.createMany": post("/jobs/batch"),
  "jobs.list": list("/jobs"),
  "jobs.get": get("/jobs/{id}"),
  "jobs.wait": list("/jobs/{id}/wait"),
  "jobs.cancel": post("/jobs/{id}/cancel"),
  "jobs.redrive": post("/jobs/{id}/redrive"),
  "jobs.promote": act("/jobs/{id}/promote"),
  "jobs.signal": post("/jobs/{id}/signals"),
  "jobs.follow": { ...get("/jobs/{id}/events"), answer: "stream" },
  "jobs.waits": get("/jobs/{id}/waits"),
  "jobs.steps": get("/jobs/{id}/steps"),
  "jobs.calls": get("/jobs/{id}/calls"),
  "jobs.runs": get("/jobs/{id}/runs"),
  "jobs.log": get("/jobs/{id}/log"),
  "workflows.list": get("/workflows"),
  "workflows.get": get("/workflows/{id}"),
  "workflows.pause": command("/workflows/{id}/pause"),
  "workflows.resume": command("/workflows/{id}/resume"),
  "schedules.list": get("/schedules"),
  "schedules.put": { method: "PUT", path: "/schedules/{id}", input: "body" },
  "schedules.remove": { method: "DELETE", path: "/schedules/{id}", answer: "nothing" },
  "sources.list": get("/sources"),
  "sources.sync": post("/sync"),
  "sources.check": { method: "POST", path: "/sources/check", input: "empty" },
  "sources.pause": command("/sources/{id}/pause"),
  "sources.resume": command("/sources/{id}/resume"),
  "sinks.list": get("/sinks"),
  "sinks.pause": command("/sinks/{id}/pause"),
  "sinks.resume": command("/sinks/{id}/resume"),
  "deadLetters.list": list("/dead-letters"),
  "deadLetters.redrive": post("/dead-letters/redrive"),
  "deadLetters.dismiss": post("/dead-letters/dismiss"),
  "entities.list": list("/entities"),
  "entities.get": get("/entities/{id}"),
  "events.list": list("/events"),
  "events.get": get("/events/{id}"),
  "artifacts.list": list("/artifacts"),
  "artifacts.get": get("/artifacts/{id}"),
  "domainEvents.list": list("/domain-events"),
  "domainEvents.follow": { ...list("/domain-events/stream"), answer: "stream" },
  "models.explain": list("/models/explain"),
  "calls.list": list("/calls"),
  "operations.status": get("/status"),
  "operations.stats": get("/stats"),
  "operations.metrics": { ...get("/metrics"), answer: "text" },
  "refused.list": list("/refused-commands"),
  "journal.list": list("/journal"),
  "maintenance.backup": act("/maintenance/backups"),
  "maintenance.prune": post("/maintenance/prune"),
  "maintenance.verify": { method: "POST", path: "/maintenance/verify", input: "empty" },
  "tokens.list": get("/tokens"),
  "tokens.create": { method: "POST", path: "/tokens", input: "body" },
  "tokens.revoke": { method: "DELETE", path: "/tokens/{id}" },
} as const satisfies Readonly<Record<keyof typeof contracts, Operation>>;
