import { z } from "zod";
import { described } from "./component.ts";
import { idParams, listOf, nameText } from "./fields.ts";
import { source, sourceCheck, sourceSync } from "./records/plugin.ts";
import { defineRoute } from "./route.ts";

const read = { group: "sources", access: "read" } as const;
const write = { group: "sources", access: "write" } as const;

export const listSources = defineRoute({
  id: "sources.list",
  method: "GET",
  path: "/sources",
  scope: read,
  summary: "Lists the sources, and how their syncs went since this process began.",
  answer: { status: 200, description: "The sources.", schema: listOf(source) },
});

export const syncSources = defineRoute({
  id: "sources.sync",
  method: "POST",
  path: "/sync",
  scope: write,
  summary: "Syncs one source, or all, and answers once they have ended.",
  body: z.strictObject({
    source_id: described("Default: all sources.", nameText.exactOptional()),
    full: described("Reads everything again. Default: false.", z.boolean().exactOptional()),
  }),
  answer: {
    status: 200,
    description: "What each source did.",
    schema: z.object({ sources: z.array(sourceSync).readonly() }),
  },
  problems: [404, 409, 502],
  idempotent: true,
});

export const checkSources = defineRoute({
  id: "sources.check",
  method: "POST",
  path: "/sources/check",
  scope: write,
  summary: "Asks every source whether a sync could work.",
  body: z.strictObject({}),
  answer: {
    status: 200,
    description: "What each source said.",
    schema: z.object({ sources: z.array(sourceCheck).readonly() }),
  },
});

export const pauseSource = defineRoute({
  id: "sources.pause",
  method: "POST",
  path: "/sources/{id}/pause",
  scope: write,
  summary: "Pauses a source until it is resumed, over restarts too.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 204, description: "It is paused." },
  problems: [404],
  idempotent: true,
});

export const resumeSource = defineRoute({
  id: "sources.resume",
  method: "POST",
  path: "/sources/{id}/resume",
  scope: write,
  summary: "Lets a paused source go on.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 204, description: "It goes on." },
  problems: [404],
  idempotent: true,
});
