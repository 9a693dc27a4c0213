import { z } from "zod";
import { described } from "./component.ts";
import { idParams, listOf, nameText, pageOf, pageQuery } from "./fields.ts";
import { deadLetter, sink } from "./records/plugin.ts";
import { defineRoute } from "./route.ts";

const read = { group: "operations", access: "read" } as const;
const write = { group: "operations", access: "write" } as const;

export const listSinks = defineRoute({
  id: "sinks.list",
  method: "GET",
  path: "/sinks",
  scope: read,
  summary: "Lists the sinks, how their deliveries went, and how far they are behind.",
  answer: { status: 200, description: "The sinks.", schema: listOf(sink) },
});

export const pauseSink = defineRoute({
  id: "sinks.pause",
  method: "POST",
  path: "/sinks/{id}/pause",
  scope: write,
  summary: "Pauses a sink until it is resumed, over restarts too. Its events are kept for it.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 204, description: "It is paused." },
  problems: [404],
  idempotent: true,
});

export const resumeSink = defineRoute({
  id: "sinks.resume",
  method: "POST",
  path: "/sinks/{id}/resume",
  scope: write,
  summary: "Lets a paused sink go on.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 204, description: "It goes on." },
  problems: [404],
  idempotent: true,
});

export const listDeadLetters = defineRoute({
  id: "deadLetters.list",
  method: "GET",
  path: "/dead-letters",
  scope: read,
  summary: "Lists the events that sinks have given up, by sink and event.",
  query: z.strictObject({
    sink_id: described("Default: those of all sinks.", nameText.exactOptional()),
    ...pageQuery,
  }),
  answer: { status: 200, description: "A page of dead letters.", schema: pageOf(deadLetter) },
});

const which = z.strictObject({
  sink_id: nameText,
  event_id: described("Default: all dead letters of the sink.", nameText.exactOptional()),
});

export const redriveDeadLetters = defineRoute({
  id: "deadLetters.redrive",
  method: "POST",
  path: "/dead-letters/redrive",
  scope: write,
  summary: "Delivers the dead letters of a sink again, with all attempts.",
  body: which,
  answer: { status: 200, description: "How many there were.", schema: z.object({ redriven: z.int() }) },
  problems: [404],
  idempotent: true,
});

export const dismissDeadLetters = defineRoute({
  id: "deadLetters.dismiss",
  method: "POST",
  path: "/dead-letters/dismiss",
  scope: write,
  summary: "Gives up the dead letters of a sink for good.",
  body: which,
  answer: { status: 200, description: "How many there were.", schema: z.object({ dismissed: z.int() }) },
  problems: [404],
  idempotent: true,
});
