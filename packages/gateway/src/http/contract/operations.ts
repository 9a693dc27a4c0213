import { z } from "zod";
import { component, described } from "./component.ts";
import { jsonObject, logQuery, pageOf, storedTime } from "./fields.ts";
import { callContext } from "./records/job.ts";
import { gatewayFigures, gatewayState } from "./records/operations.ts";
import { defineRoute } from "./route.ts";

const read = { group: "operations", access: "read" } as const;

export const getStatus = defineRoute({
  id: "operations.status",
  method: "GET",
  path: "/status",
  scope: read,
  summary: "Gives the state of the store, the plugins and the extensions.",
  answer: { status: 200, description: "The state.", schema: gatewayState },
});

export const getStats = defineRoute({
  id: "operations.stats",
  method: "GET",
  path: "/stats",
  scope: read,
  summary: "Gives depths, ages, rates and durations. Ask every few seconds at most: it counts the queue.",
  answer: { status: 200, description: "The figures.", schema: gatewayFigures },
});

export const getMetrics = defineRoute({
  id: "operations.metrics",
  method: "GET",
  path: "/metrics",
  scope: read,
  summary: "Gives the figures as a page for Prometheus.",
  answer: { status: 200, description: "The page.", type: "text/plain" },
});

const refusedCommand = component(
  "RefusedCommand",
  "A note of a refused command: its type and the reason, but not its content.",
  z.object({
    seq: z.int(),
    refused_at: storedTime,
    type: z.string(),
    actor: z.string(),
    code: z.string(),
    message: z.string(),
    fingerprint: z.string().exactOptional(),
  }),
);

export const listRefused = defineRoute({
  id: "refused.list",
  method: "GET",
  path: "/refused-commands",
  scope: read,
  summary: "Lists the refused commands that are still kept, the oldest first.",
  query: z.strictObject(logQuery),
  answer: { status: 200, description: "A page of notes.", schema: pageOf(refusedCommand) },
});

const journalEntry = component(
  "JournalEntry",
  "An applied command.",
  z.object({
    seq: z.int(),
    command_id: z.string().exactOptional(),
    type: z.string(),
    payload: jsonObject,
    actor: z.string(),
    cause: described(
      "What led to the command.",
      z
        .object({ kind: z.enum(["command", "job", "event", "request"]), id: z.string(), depth: z.int() })
        .exactOptional(),
    ),
    enqueued_at: storedTime,
    context: callContext.exactOptional(),
  }),
);

export const listJournal = defineRoute({
  id: "journal.list",
  method: "GET",
  path: "/journal",
  scope: read,
  summary: "Lists applied commands in commit order. Empty where the store keeps no journal.",
  query: z.strictObject(logQuery),
  answer: { status: 200, description: "A page of entries.", schema: pageOf(journalEntry) },
});
