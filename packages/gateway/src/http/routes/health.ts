import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { live, ready } from "../contract/health.ts";

/** Probes of whoever runs the process. They read memory only. */
export const healthRoutes: readonly HttpRoute[] = [
  handleRoute(live, () => ({ status: "ok" as const })),
  handleRoute(ready, ({ gateway }) => {
    const { status } = gateway.health();
    const answer = { status, checks: { store: status } };
    return status === "ok" ? answer : Response.json(answer, { status: 503 });
  }),
];
