import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { waitForJob } from "../contract/jobs.ts";
import { foundJob } from "./not-found.ts";
import type { RouteHost } from "./route-host.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

/** Waits for the end of a job, for clients that cannot read a stream. */
export function waitRoute({ clock }: RouteHost): HttpRoute {
  return handleRoute(waitForJob, async ({ gateway, params, query, signal }) => {
    const { id } = params;
    foundJob(id, await gateway.repo.getJob(id));
    const over = new AbortController();
    const end = (): void => over.abort();
    const cancelTimer = clock.after(query.timeout_ms ?? DEFAULT_TIMEOUT_MS, end);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    try {
      return await gateway.jobs.wait(id, { signal: over.signal });
    } catch (error) {
      if (!over.signal.aborted) throw error;
      // The time is over.
      return foundJob(id, await gateway.jobs.get(id));
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", end);
    }
  });
}
