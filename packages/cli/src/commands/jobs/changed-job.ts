import type { Output } from "../../output/output.ts";
import { toneOf } from "../../output/paint.ts";
import { visible } from "../../output/visible.ts";

/** Prints a job that was changed. */
export function changedJob(job: { readonly id: string; readonly status: string }, output: Output): undefined {
  output.result(job, () => [`${visible(job.id)}  ${output.paint(toneOf(job.status), job.status)}`]);
  return undefined;
}
