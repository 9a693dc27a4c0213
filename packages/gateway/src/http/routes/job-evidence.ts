import type { Gateway } from "../../gateway.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { listCallsOfJob, listLog, listRunsOfJob, listSteps, listWaits } from "../contract/job-evidence.ts";
import { foundJob } from "./not-found.ts";

/** What is known of the work of one job. */
export const jobEvidenceRoutes: readonly HttpRoute[] = [
  handleRoute(listWaits, async ({ gateway, params }) => ({
    items: await gateway.jobs.listWaits(params.id),
  })),
  handleRoute(listSteps, async ({ gateway, params }) => {
    const items = await ofJob(gateway, params.id, gateway.repo.plugins.listJobSteps);
    return {
      items: items.map(({ result, ...step }) => (result === undefined ? step : { ...step, result })),
    };
  }),
  handleRoute(listCallsOfJob, async ({ gateway, params }) => ({
    items: await ofJob(gateway, params.id, gateway.repo.llm.listCalls),
  })),
  handleRoute(listRunsOfJob, async ({ gateway, params }) => ({
    items: await ofJob(gateway, params.id, gateway.repo.harness.listRuns),
  })),
  handleRoute(listLog, async ({ gateway, params }) => ({
    items: await ofJob(gateway, params.id, gateway.repo.plugins.listJobLogs),
  })),
];

/** What a query finds for a job. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`, where the query would find an empty list. */
async function ofJob<Item>(
  gateway: Gateway,
  id: string,
  list: (id: string) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  foundJob(id, await gateway.repo.getJob(id));
  return list(id);
}
