import { z } from "zod";
import { described } from "./component.ts";
import { logQuery, nameList, nameText, pageOf, wholeNumber } from "./fields.ts";
import { domainEvent } from "./records/data.ts";
import { defineRoute } from "./route.ts";

const read = { group: "events", access: "read" } as const;

const types = described(
  "Only events of exactly these types, with commas between them.",
  nameList.exactOptional(),
);

export const listDomainEvents = defineRoute({
  id: "domainEvents.list",
  method: "GET",
  path: "/domain-events",
  scope: read,
  summary: "Lists domain events in commit order.",
  query: z.strictObject({ ...logQuery, types, aggregate_id: nameText.exactOptional() }),
  answer: { status: 200, description: "A page of domain events.", schema: pageOf(domainEvent) },
});

export const followDomainEvents = defineRoute({
  id: "domainEvents.follow",
  method: "GET",
  path: "/domain-events/stream",
  scope: read,
  summary:
    "Streams domain events in commit order, without a gap. `Last-Event-ID` goes before `after`. A `resync` event tells of events that were pruned.",
  query: z.strictObject({
    after: described(
      "Begins after the event with this `seq`; 0 begins with the oldest one that is kept. Default: only new events.",
      wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).exactOptional(),
    ),
    types,
  }),
  answer: {
    status: 200,
    description: "Server-sent events; each `id` is a `seq`.",
    type: "text/event-stream",
  },
});
