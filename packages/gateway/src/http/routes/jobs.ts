import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { jobsCreate, jobsGet } from "../contract/jobs.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Jobs, over HTTP. */
export const jobRoutes: readonly HttpRoute[] = [
  handleRoute(jobsCreate, async ({ gateway, body, envelope, keepAnswer }) => {
    const { workflow_id } = body;
    const answer = (id = "") => ({ id, workflow_id });
    const { id } = await gateway.jobs.create(
      body,
      envelope,
      keepAnswer(([created]) => answer(created)),
    );
    return answer(id);
  }),
  handleRoute(jobsGet, async ({ gateway, params }) => {
    const job = await gateway.jobs.get(params.id);
    if (job === undefined) throw new ProblemError("ATLAS_HTTP_NOT_FOUND", `There is no job "${params.id}".`);
    return { ...job };
  }),
];
