import type { Envelope, Job, Logger } from "@atlas/core";

/**
 * Stores the evidence of what an attempt asked of a model or an agent. It is sent before the job can end, so that it is committed
 * before the end of the job. It never fails the attempt, nor the process: where the evidence cannot be read or is refused, the bare
 * record is kept, with its mark.
 */
export function storeEvidence<Evidence>(
  job: Job,
  evidence: {
    /** What the evidence is of, for logs: "a call to a model". */
    readonly what: string;
    readonly whole: () => Evidence;
    readonly bare: () => Evidence;
    readonly store: (evidence: Evidence, envelope: Envelope) => Promise<unknown>;
    readonly log: Logger;
  },
): void {
  const { what, whole, bare, store, log } = evidence;
  const { id, workflow_id, attempt, depth, context } = job;
  const envelope: Envelope = {
    actor: `workflow:${workflow_id}#${id}`,
    cause: { kind: "job", id, depth },
    context: { ...context, job_id: id, workflow_id, attempt },
  };
  const storeWhole = async (): Promise<unknown> => store(whole(), envelope);
  storeWhole()
    .catch((error: unknown) => {
      log.warn({ error, job_id: id }, `The evidence of ${what} could not be stored as a whole.`);
      return store(bare(), envelope);
    })
    .catch((error: unknown) =>
      log.warn({ error, job_id: id }, `The evidence of ${what} could not be stored.`),
    );
}
