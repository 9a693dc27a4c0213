import { toPrometheus } from "../../metrics/prometheus.ts";
import { dataNames } from "../app/data-names.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { getMetrics, getStats, getStatus, listJournal, listRefused } from "../contract/operations.ts";

/** The state of the gateway, over HTTP. */
export const operationRoutes: readonly HttpRoute[] = [
  handleRoute(getStatus, ({ gateway }) => {
    // Extensions name what they report.
    const { extensions, ...state } = gateway.health();
    return { ...dataNames(state), extensions };
  }),
  handleRoute(getStats, async ({ gateway }) => dataNames(await gateway.stats())),
  handleRoute(
    getMetrics,
    async ({ gateway }) =>
      new Response(toPrometheus(await gateway.stats()), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      }),
  ),
  handleRoute(listRefused, ({ gateway, query }) => gateway.repo.listRefusedCommands(query)),
  handleRoute(listJournal, ({ gateway, query }) => gateway.repo.listJournal(query)),
];
