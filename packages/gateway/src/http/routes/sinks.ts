import { dataNames } from "../app/data-names.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import {
  dismissDeadLetters,
  listDeadLetters,
  listSinks,
  pauseSink,
  redriveDeadLetters,
  resumeSink,
} from "../contract/sinks.ts";

/** Sinks and their dead letters, over HTTP. */
export const sinkRoutes: readonly HttpRoute[] = [
  handleRoute(listSinks, async ({ gateway }) => ({ items: dataNames(await gateway.sinks.list()) })),
  handleRoute(pauseSink, async ({ gateway, params }) => {
    await gateway.pause({ sink: params.id });
    return undefined;
  }),
  handleRoute(resumeSink, async ({ gateway, params }) => {
    await gateway.resume({ sink: params.id });
    return undefined;
  }),
  handleRoute(listDeadLetters, async ({ gateway, query }) => {
    const { items, ...page } = await gateway.repo.plugins.listDeadLetters(query);
    // They are dead, and nothing comes next.
    return { ...page, items: items.map(({ status: _, next_at: __, ...letter }) => letter) };
  }),
  handleRoute(redriveDeadLetters, ({ gateway, body: { sink_id, ...which } }) =>
    gateway.sinks.redrive(sink_id, which),
  ),
  handleRoute(dismissDeadLetters, ({ gateway, body: { sink_id, ...which } }) =>
    gateway.sinks.dismiss(sink_id, which),
  ),
];
