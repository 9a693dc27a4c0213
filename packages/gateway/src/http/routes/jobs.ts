import { type HttpRoute, handleRoute } from "../app/handler.ts";
import {
  cancelJob,
  createJob,
  createJobs,
  followJob,
  getJob,
  listJobs,
  promoteJob,
  redriveJob,
  signalJob,
} from "../contract/jobs.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { toJobRequest } from "./new-job.ts";
import { foundJob } from "./not-found.ts";
import type { RouteHost } from "./route-host.ts";

const MAX_ANSWER_BYTES = 64 * 1024;

/** Jobs, over HTTP. */
export function jobRoutes({ streams, jobFeed }: RouteHost): readonly HttpRoute[] {
  return [
    handleRoute(createJob, async ({ gateway, body, envelope, keepAnswer }) => {
      const { workflow_id } = body;
      const answer = (id = "") => ({ id, workflow_id });
      const keeping = keepAnswer(([created]) => answer(created));
      const { id } = await gateway.jobs.create(toJobRequest(body), envelope, keeping);
      return answer(id);
    }),
    handleRoute(createJobs, async ({ gateway, body, envelope, keepAnswer }) => {
      const answer = (ids: readonly string[]) => ({
        // One id for each request.
        jobs: body.jobs.map(({ workflow_id }, index) => ({ id: ids[index] ?? "", workflow_id })),
      });
      const created = await gateway.jobs.createMany(
        body.jobs.map(toJobRequest),
        envelope,
        keepAnswer(answer),
      );
      return answer(created.map(({ id }) => id));
    }),
    handleRoute(listJobs, ({ gateway, query }) => gateway.repo.listJobs(query)),
    handleRoute(getJob, async ({ gateway, params: { id } }) => {
      const job = foundJob(id, await gateway.jobs.get(id));
      // Only attempts report progress, and a success forgets it.
      if (job.attempt === 0 || job.status === "succeeded") return job;
      const progress =
        gateway.jobs.progress.of(id) ?? (await gateway.repo.plugins.getJobProgress(id))?.progress;
      return progress === undefined ? job : { ...job, progress };
    }),
    handleRoute(cancelJob, ({ gateway, params, body, envelope }) =>
      gateway.jobs.cancel(params.id, body, envelope),
    ),
    handleRoute(redriveJob, ({ gateway, params, body, envelope }) =>
      gateway.jobs.redrive(params.id, body, envelope),
    ),
    handleRoute(promoteJob, ({ gateway, params, envelope }) => gateway.jobs.promote(params.id, envelope)),
    handleRoute(signalJob, async ({ gateway, params, body, caller }) => {
      const { name, value, signal_id } = body;
      const sizeBytes = Buffer.byteLength(JSON.stringify(value));
      if (sizeBytes > MAX_ANSWER_BYTES) {
        const message = `It has ${sizeBytes} bytes; at most ${MAX_ANSWER_BYTES} are allowed. Store it in an artifact and send its id.`;
        throw new ProblemError("ATLAS_HTTP_REQUEST_INVALID", `body.value: ${message}`, {
          errors: [{ path: "body.value", message }],
        });
      }
      const given = { by: caller.actor, ...(signal_id === undefined ? {} : { signal_id }) };
      return { result: await gateway.jobs.signal(params.id, name, value, given) };
    }),
    handleRoute(followJob, async ({ gateway, params: { id }, signal }) => {
      foundJob(id, await gateway.repo.getJob(id));
      return streams.open({ signal, ...jobFeed.follow(id) });
    }),
  ];
}
