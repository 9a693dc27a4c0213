import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { jobsCreate, jobsGet } from "../contract/jobs.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Jobs, over HTTP. */
export const jobRoutes: readonly HttpRoute[] = [
  handleRoute(jobsCreate, async ({ gateway, body, envelope }) => {
    const { id, workflow_id } = await gateway.jobs.create(body, envelope);
    return { id, workflow_id };
  }),
  handleRoute(jobsGet, async ({ gateway, params }) => {
    const job = await gateway.jobs.get(params.id);
    if (job === undefined) throw new ProblemError("ATLAS_HTTP_NOT_FOUND", `There is no job "${params.id}".`);
    return { ...job };
  }),
];
