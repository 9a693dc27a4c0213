import { z } from "zod";
import { described } from "./component.ts";
import { idParams, nameText, order, pageOf, pageQuery, truth } from "./fields.ts";
import { artifact, entity, event } from "./records/data.ts";
import { defineRoute } from "./route.ts";

const read = { group: "data", access: "read" } as const;

export const listEntities = defineRoute({
  id: "entities.list",
  method: "GET",
  path: "/entities",
  scope: read,
  summary: "Lists entities by id.",
  query: z.strictObject({
    type: nameText.exactOptional(),
    include_deleted: described("Lists tombstones too. Default: false.", truth.exactOptional()),
    order,
    ...pageQuery,
  }),
  answer: { status: 200, description: "A page of entities.", schema: pageOf(entity) },
});

export const getEntity = defineRoute({
  id: "entities.get",
  method: "GET",
  path: "/entities/{id}",
  scope: read,
  summary: "Gives an entity.",
  params: idParams,
  answer: { status: 200, description: "The entity.", schema: entity },
  problems: [404],
});

export const listEvents = defineRoute({
  id: "events.list",
  method: "GET",
  path: "/events",
  scope: read,
  summary: "Lists events by the time at which they occurred.",
  query: z.strictObject({
    type: nameText.exactOptional(),
    entity_id: nameText.exactOptional(),
    order,
    ...pageQuery,
  }),
  answer: { status: 200, description: "A page of events.", schema: pageOf(event) },
});

export const getEvent = defineRoute({
  id: "events.get",
  method: "GET",
  path: "/events/{id}",
  scope: read,
  summary: "Gives an event.",
  params: idParams,
  answer: { status: 200, description: "The event.", schema: event },
  problems: [404],
});

export const listArtifacts = defineRoute({
  id: "artifacts.list",
  method: "GET",
  path: "/artifacts",
  scope: read,
  summary: "Lists artifacts by the time at which they were created.",
  query: z.strictObject({
    type: nameText.exactOptional(),
    job_id: nameText.exactOptional(),
    order,
    ...pageQuery,
  }),
  answer: { status: 200, description: "A page of artifacts.", schema: pageOf(artifact) },
});

export const getArtifact = defineRoute({
  id: "artifacts.get",
  method: "GET",
  path: "/artifacts/{id}",
  scope: read,
  summary: "Gives an artifact: as JSON, or its Markdown where `Accept` prefers `text/markdown`.",
  params: idParams,
  answer: { status: 200, description: "The artifact.", schema: artifact, otherTypes: ["text/markdown"] },
  problems: [404, 406],
});
