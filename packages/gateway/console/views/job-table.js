import { duration } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { isNever, moment } from "../dom/moment.js";
import { table } from "../dom/table.js";

/** @import { Job } from "../../src/http/console/records.ts" */

/**
 * Jobs as a table.
 *
 * @param {string} caption
 * @param {readonly Job[]} jobs
 */
export function jobTable(caption, jobs) {
  return table(
    caption,
    jobs,
    [
      { title: "Job", cell: ({ id }) => jobLink(id, true), kind: "id" },
      { title: "Status", cell: (job) => state(job), kind: "tight" },
      { title: "Workflow", cell: ({ workflow_id }) => element("span", { class: "text" }, workflow_id) },
      { title: "Attempts", cell: attempts, kind: "number wide" },
      { title: "Ran", cell: ran, kind: "number wide" },
      { title: "Created", cell: ({ created_at }) => moment(created_at), kind: "number" },
    ],
    { stacks: true },
  );
}

/** @param {Job} job */
function state({ status, run_at }) {
  if (status !== "queued" || Date.parse(run_at) < Date.now() + 1_000) return badge(status);
  if (isNever(run_at)) return badge("waiting");
  return [badge(status), " ", element("span", { class: "muted wide" }, moment(run_at))];
}

/** @param {Job} job */
function attempts({ attempt, max_attempts }) {
  return max_attempts === undefined ? attempt : `${attempt} of ${max_attempts}`;
}

/** @param {Job} job */
function ran({ status, started_at, finished_at }) {
  if (started_at === undefined || status === "queued") return "–";
  return finished_at === undefined
    ? moment(started_at, { isLasting: true })
    : duration(Math.max(0, Date.parse(finished_at) - Date.parse(started_at)));
}
