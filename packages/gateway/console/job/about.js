import { addressOf } from "../app/router.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { jsonView } from "../dom/json-view.js";
import { moment } from "../dom/moment.js";
import { factList } from "../dom/table.js";
import { messageOf } from "./attempts.js";

/** @import { JobDetails } from "../../src/http/console/records.ts" */

/**
 * What a job is, and what it failed with.
 *
 * @param {JobDetails & { isWaiting: boolean }} job
 */
export function jobFacts(job) {
  const { workflow_id, status, isWaiting, context, error } = job;
  const facts = factList([
    [
      "Workflow",
      element("a", { href: addressOf("/jobs", [], { workflow_id }), "data-key": "workflow" }, workflow_id),
    ],
    ["Created", moment(job.created_at)],
    ["Runs", status === "queued" && !isWaiting && moment(job.run_at)],
    ["Started", job.started_at !== undefined && moment(job.started_at)],
    ["Ended", job.finished_at !== undefined && moment(job.finished_at)],
    ["Attempts", job.max_attempts === undefined ? job.attempt : `${job.attempt} of ${job.max_attempts}`],
    ["Deadline", job.deadline_at !== undefined && moment(job.deadline_at)],
    ["Priority", job.priority !== 0 && job.priority],
    ["Group", job.group_key],
    ["Idempotency key", job.idempotency_key],
    ["Parent", job.parent_id !== undefined && jobLink(job.parent_id)],
    ["Actor", context?.actor],
    ["Tenant", context?.tenant],
    ["Correlation id", context?.correlation_id],
  ]);
  if (error === undefined) return facts;
  return element(
    "div",
    { class: "pad" },
    facts,
    element("p", { class: "problem text error" }, messageOf(error) ?? "It failed."),
    element(
      "details",
      { "data-key": "error" },
      element("summary", { class: "muted" }, "The whole error"),
      jsonView(error),
    ),
  );
}

/**
 * What a running job reported last.
 *
 * @param {NonNullable<JobDetails["progress"]>} progress
 */
export function progressBar({ done, total, message }) {
  const text = total === undefined ? String(done) : `${done} of ${total}`;
  return element(
    "div",
    { class: "pad progress" },
    total !== undefined && element("progress", { max: total, value: done, "aria-label": "Progress" }),
    element("span", { class: "text" }, text, message !== undefined && ` · ${message}`),
  );
}
