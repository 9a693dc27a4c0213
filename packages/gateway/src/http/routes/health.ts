import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { healthLive, healthReady } from "../contract/health.ts";

/** Probes of whoever runs the process. They read memory only. */
export const healthRoutes: readonly HttpRoute[] = [
  handleRoute(healthLive, () => ({ status: "ok" as const })),
  handleRoute(healthReady, ({ gateway }) => {
    const { status } = gateway.health();
    const answer = { status, checks: { store: status } };
    return status === "ok" ? answer : Response.json(answer, { status: 503 });
  }),
];
