/** @import { DomainEvent, JobDetails, JobStep, ModelCall, AgentRun } from "../../src/http/console/records.ts" */

/**
 * One run of a job, or the time before it: where it lies in the life of the job, in milliseconds since its creation.
 *
 * @typedef {object} Span
 * @property {"queued" | "run"} kind
 * @property {number} number The run, from 1; of `queued`: the run that it leads to.
 * @property {string} state
 * @property {number} fromMs
 * @property {number} toMs
 * @property {string | undefined} problem
 */

const ENDS = new Map([
  ["job.succeeded", "succeeded"],
  ["job.failed", "failed"],
  ["job.cancelled", "cancelled"],
  ["job.requeued", "ended"],
]);

/**
 * The runs of a job, and the times in between, from its domain events; from the job itself where these are gone or may not be read.
 *
 * @param {JobDetails} job
 * @param {readonly DomainEvent[]} events
 * @param {number} now
 * @returns {readonly Span[]}
 */
export function spansOf(job, events, now) {
  const begin = Date.parse(job.created_at);
  /** @param {string} at */
  const ms = (at) => Math.max(0, Date.parse(at) - begin);
  const lastMs = Math.max(0, now - begin);
  const known = events.some(({ type }) => type === "job.started") ? events : eventsOf(job);
  /** @type {Span[]} */
  const spans = [];
  let open = queued(1, 0);
  for (const { type, created_at, payload } of known) {
    const at = ms(created_at);
    if (type === "job.started") {
      close(at, "queued");
      const number = Number(payload["attempt"] ?? open.number);
      open = { kind: "run", number, state: "running", fromMs: at, toMs: at, problem: undefined };
      continue;
    }
    const end = ENDS.get(type);
    if (end === undefined) continue;
    const { number, kind } = open;
    const problem = messageOf(payload["error"]);
    close(at, end === "ended" ? (problem === undefined ? "parked" : "failed") : end, problem);
    const isWaiting = end === "ended" && problem === undefined && kind === "run";
    open = { ...queued(kind === "run" ? number + 1 : number, at), state: isWaiting ? "waiting" : "queued" };
  }
  const isOver = job.finished_at !== undefined;
  if (!isOver) close(lastMs, "running");
  return spans;

  /**
   * @param {number} toMs
   * @param {string} state
   * @param {string} [problem]
   */
  function close(toMs, state, problem) {
    // Nothing to see: it was claimed at once.
    if (open.kind === "queued" && toMs - open.fromMs < 1) return;
    spans.push({ ...open, toMs, state: open.kind === "queued" ? open.state : state, problem });
  }
}

/**
 * @param {number} number
 * @param {number} fromMs
 * @returns {Span}
 */
function queued(number, fromMs) {
  return { kind: "queued", number, state: "queued", fromMs, toMs: fromMs, problem: undefined };
}

/**
 * What the job's own fields tell of its last run.
 *
 * @param {JobDetails} job
 * @returns {readonly Pick<DomainEvent, "type" | "created_at" | "payload">[]}
 */
function eventsOf({ status, attempt, started_at, finished_at, updated_at, error }) {
  if (started_at === undefined) return [];
  const started = { type: "job.started", created_at: started_at, payload: { attempt } };
  if (finished_at !== undefined)
    return [
      started,
      { type: `job.${status}`, created_at: finished_at, payload: error === undefined ? {} : { error } },
    ];
  if (status === "running") return [started];
  return [
    started,
    { type: "job.requeued", created_at: updated_at, payload: error === undefined ? {} : { error } },
  ];
}

/**
 * The message of a stored error.
 *
 * @param {unknown} error
 */
export function messageOf(error) {
  if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
  return String(error.message);
}

/**
 * What belongs to a run.
 *
 * @param {number} number
 * @param {{ steps: readonly JobStep[], calls: readonly ModelCall[], runs: readonly AgentRun[] }} evidence
 */
export function partsOf(number, { steps, calls, runs }) {
  return {
    steps: steps.filter(({ attempt }) => attempt === number),
    calls: calls.filter(({ attempt }) => attempt === number),
    runs: runs.filter(({ attempt }) => attempt === number),
  };
}
