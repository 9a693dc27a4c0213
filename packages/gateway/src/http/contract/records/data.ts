import { z } from "zod";
import { component, described } from "../component.ts";
import { jsonObject, storedTime } from "../fields.ts";
import { callContext } from "./job.ts";

export const entity = component(
  "Entity",
  "A thing that a source told of.",
  z.object({
    id: z.string(),
    type: z.string(),
    source: z.string().exactOptional(),
    external_id: z.string().exactOptional(),
    title: z.string().exactOptional(),
    url: z.string().exactOptional(),
    data: jsonObject.exactOptional(),
    updated_at: storedTime,
    deleted_at: described("Present on a tombstone.", storedTime.exactOptional()),
  }),
);

export const event = component(
  "Event",
  "Something that happened outside, as a source told it.",
  z.object({
    id: z.string(),
    type: z.string(),
    source: z.string().exactOptional(),
    external_id: z.string().exactOptional(),
    entity_id: z.string().exactOptional(),
    data: jsonObject.exactOptional(),
    occurred_at: storedTime,
  }),
);

export const artifact = component(
  "Artifact",
  "A result of a workflow.",
  z.object({
    id: z.string(),
    type: z.string(),
    job_id: z.string().exactOptional(),
    title: z.string().exactOptional(),
    content_md: described("Markdown as the workflow wrote it: untrusted text.", z.string().exactOptional()),
    data: jsonObject.exactOptional(),
    created_at: storedTime,
    updated_at: storedTime,
  }),
);

export const domainEvent = component(
  "DomainEvent",
  "What a committed command has done. Numbered in commit order.",
  z.object({
    id: z.string(),
    seq: z.int(),
    type: z.string(),
    aggregate_id: z.string().exactOptional(),
    payload: jsonObject,
    command_seq: z.int(),
    depth: z.int(),
    created_at: storedTime,
    delivered_at: storedTime.exactOptional(),
    context: callContext.exactOptional(),
  }),
);
