import { ApiProblem } from "../app/api.js";
import { pause } from "../app/repeat.js";
import { addressOf } from "../app/router.js";
import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { announce } from "../dom/announce.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { jsonView } from "../dom/json-view.js";
import { moment } from "../dom/moment.js";
import { replaceContent } from "../dom/replace-content.js";
import { factList } from "../dom/table.js";
import { jobActions } from "../job/actions.js";
import { messageOf } from "../job/attempts.js";
import { callList, runList } from "../job/evidence.js";
import { logLines } from "../job/log.js";
import { timeline } from "../job/timeline.js";
import { waitList } from "../job/waits.js";
import { artifactList } from "./artifacts.js";
import { jobTable } from "./job-table.js";

/** @import { AgentRun, Artifact, DomainEvent, Job, JobDetails, JobLogLine, JobStep, JobWait, ModelCall } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const REFRESH_MS = 3_000;
const RECONNECT_MS = 3_000;

/**
 * One job, with everything that is known of it. While it lives, it is followed.
 *
 * @param {View} view
 */
export function showJob(view) {
  const { api, main, params, signal } = view;
  const [id = ""] = params;
  const path = `/jobs/${encodeURIComponent(id)}`;
  const state = element("span", {});
  const actions = element("div", { class: "actions" });
  heading(view, id, state, actions).querySelector("h1")?.classList.add("mono", "id");

  /** @type {JobDetails | undefined} */
  let job;
  /** @type {Promise<JobDetails> | undefined} */
  let reading;
  // Parts that ask at the same time share one request.
  const loadJob = () => {
    reading ??= api.get(path, { signal }).finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const isOver = () => job?.finished_at !== undefined;
  /**
   * @template Item
   * @param {string} of
   * @returns {Promise<readonly Item[]>}
   */
  const list = async (of) => (await api.get(`${path}/${of}`, { signal })).items;
  const live = { everyMs: REFRESH_MS, isOver };

  const about = section(view, { title: "Job", load: loadJob, draw: drawJob, ...live });
  const parts = [
    about,
    section(view, {
      title: "Waits",
      load: async () => ({
        job: await loadJob(),
        waits: await /** @type {typeof list<JobWait>} */ (list)("waits"),
      }),
      draw: ({ job: of, waits }) => (waits.length === 0 ? [] : [waitList(view, of, waits, refresh)]),
      ...live,
    }),
    section(view, {
      title: "Timeline",
      load: loadTimeline,
      draw: (evidence) => [timeline(evidence)],
      ...live,
    }),
    section(view, {
      title: "Result",
      load: loadJob,
      draw: ({ result }) => (result === undefined ? [] : [jsonView(result)]),
      ...live,
    }),
    section(view, { title: "Input", load: loadJob, draw: ({ input }) => [jsonView(input)] }),
    section(view, {
      title: "Model calls",
      load: () => /** @type {typeof list<ModelCall>} */ (list)("calls"),
      draw: (calls) => (calls.length === 0 ? [] : [callList(calls, { withJob: false })]),
      ...live,
    }),
    section(view, {
      title: "Agent runs",
      load: () => /** @type {typeof list<AgentRun>} */ (list)("runs"),
      draw: (runs) => (runs.length === 0 ? [] : [runList(runs)]),
      ...live,
    }),
    section(view, {
      title: "Artifacts",
      load: () => api.get("/artifacts", { query: { job_id: id, limit: 50 }, signal }),
      draw: (/** @type {{ items: readonly Artifact[] }} */ { items }) =>
        items.length === 0 ? [] : [artifactList(items)],
      ...live,
    }),
    section(view, {
      title: "Children",
      load: () => api.get("/jobs", { query: { parent_id: id, limit: 50 }, signal }),
      draw: (/** @type {{ items: readonly Job[] }} */ { items }) =>
        items.length === 0 ? [] : [jobTable("Children of the job", items)],
      ...live,
    }),
    section(view, {
      title: "Log",
      load: () => /** @type {typeof list<JobLogLine>} */ (list)("log"),
      draw: (lines) => (lines.length === 0 ? [] : [logLines(lines)]),
      ...live,
    }),
  ];
  main.append(...parts.map(({ card }) => card));
  void follow();

  function refresh() {
    for (const part of parts) void part.refresh();
  }

  /** @param {JobDetails} of */
  function drawJob(of) {
    job = of;
    replaceContent(state, [badge(of.status)]);
    replaceContent(actions, jobActions(view, of, refresh));
    const { progress, error, context } = of;
    return [
      factList([
        [
          "Workflow",
          element("a", { href: addressOf("/jobs", [], { workflow_id: of.workflow_id }) }, of.workflow_id),
        ],
        ["Created", moment(of.created_at)],
        ["Runs", of.status === "queued" && moment(of.run_at)],
        ["Started", of.started_at !== undefined && moment(of.started_at)],
        ["Ended", of.finished_at !== undefined && moment(of.finished_at)],
        ["Attempts", of.max_attempts === undefined ? of.attempt : `${of.attempt} of ${of.max_attempts}`],
        ["Deadline", of.deadline_at !== undefined && moment(of.deadline_at)],
        ["Priority", of.priority !== 0 && of.priority],
        ["Group", of.group_key],
        ["Idempotency key", of.idempotency_key],
        ["Parent", of.parent_id !== undefined && jobLink(of.parent_id)],
        ["Actor", context?.actor],
        ["Tenant", context?.tenant],
        ["Correlation id", context?.correlation_id],
      ]),
      ...(progress === undefined || of.finished_at !== undefined ? [] : [progressBar(progress)]),
      ...(error === undefined
        ? []
        : [element("p", { class: "problem text" }, messageOf(error) ?? "It failed."), jsonView(error)]),
    ];
  }

  async function loadTimeline() {
    const [of, steps, calls, runs, events] = await Promise.all([
      loadJob(),
      /** @type {typeof list<JobStep>} */ (list)("steps"),
      /** @type {typeof list<ModelCall>} */ (list)("calls"),
      /** @type {typeof list<AgentRun>} */ (list)("runs"),
      ownEvents(),
    ]);
    return { job: of, steps, calls, runs, events };
  }

  /** The events of the job. Without the scope for them, the job's own fields tell the rest. */
  async function ownEvents() {
    try {
      const query = { aggregate_id: id, limit: 500 };
      const page = await api.get("/domain-events", { query, signal });
      return /** @type {readonly DomainEvent[]} */ (page.items);
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 403) return [];
      throw error;
    }
  }

  /** Hears of every change of the job at once; what only its runs know is asked for now and again. */
  async function follow() {
    while (!signal.aborted) {
      try {
        for await (const { type } of api.follow(`${path}/events`, { signal })) {
          if (type === "end") {
            if (isOver()) return;
            refresh();
            announce("The job has ended.");
            return;
          }
          if (type === "progress") void about.refresh();
          else refresh();
        }
      } catch (error) {
        // Only the connection is worth another try.
        if (error instanceof ApiProblem) return;
      }
      await pause(RECONNECT_MS, signal);
    }
  }
}

/** @param {NonNullable<JobDetails["progress"]>} progress */
function progressBar({ done, total, message }) {
  const text = total === undefined ? String(done) : `${done} of ${total}`;
  return element(
    "div",
    { class: "pad progress" },
    total !== undefined && element("progress", { max: total, value: done, "aria-label": "Progress" }),
    element("span", { class: "text" }, text, message !== undefined && ` · ${message}`),
  );
}
