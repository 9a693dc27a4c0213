import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { followDomainEvents, listDomainEvents } from "../contract/domain-events.ts";
import { readAfter } from "../sse/after.ts";
import type { RouteHost } from "./route-host.ts";

/** Domain events, over HTTP. */
export function domainEventRoutes({ streams, eventFeed }: RouteHost): readonly HttpRoute[] {
  return [
    handleRoute(listDomainEvents, ({ gateway, query }) => gateway.repo.listDomainEvents(query)),
    handleRoute(followDomainEvents, async ({ gateway, query, request, signal, log }) => {
      const after = readAfter({
        lastEventId: request.headers.get("last-event-id"),
        after: query.after,
        newest: await gateway.repo.lastDomainEventSeq(),
      });
      return streams.open({ signal, ...eventFeed.follow({ after, types: query.types, log }) });
    }),
  ];
}
