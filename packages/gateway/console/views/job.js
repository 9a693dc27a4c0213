import { ApiProblem } from "../app/api.js";
import { pause } from "../app/repeat.js";
import { section } from "../app/section.js";
import { shareReads } from "../app/share-reads.js";
import { heading } from "../app/view.js";
import { announce } from "../dom/announce.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jsonView } from "../dom/json-view.js";
import { replaceContent } from "../dom/replace-content.js";
import { jobFacts, progressBar } from "../job/about.js";
import { jobActions } from "../job/actions.js";
import { callList, runList } from "../job/evidence.js";
import { logLines } from "../job/log.js";
import { timeline } from "../job/timeline.js";
import { waitList } from "../job/waits.js";
import { artifactList } from "./artifacts.js";
import { jobTable } from "./job-table.js";

/** @import { AgentRun, Artifact, DomainEvent, Job, JobDetails, JobLogLine, JobStep, JobWait, ModelCall } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const REFRESH_MS = 6_000;
const RECONNECT_MS = 3_000;
const SHORTEST_PAUSE_MS = 1_000;

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
  const progress = element("div", {});
  heading(view, id, state, actions).querySelector("h1")?.classList.add("mono", "id");

  /** @type {JobDetails | undefined} */
  let job;
  const isOver = () => job?.finished_at !== undefined;
  /** What the stream of the job has told. */
  let heard = 0;
  const changes = () => api.changes + heard;
  const readJob = shareReads(
    async () => /** @type {JobDetails} */ (await api.get(path, { signal })),
    changes,
  );
  /**
   * @template Item
   * @param {string} of
   * @returns {() => Promise<readonly Item[]>}
   */
  const reader = (of) => shareReads(async () => (await api.get(`${path}/${of}`, { signal })).items, changes);
  const readSteps = /** @type {typeof reader<JobStep>} */ (reader)("steps");
  const readCalls = /** @type {typeof reader<ModelCall>} */ (reader)("calls");
  const readRuns = /** @type {typeof reader<AgentRun>} */ (reader)("runs");
  const readWaits = /** @type {typeof reader<JobWait>} */ (reader)("waits");
  const readLog = /** @type {typeof reader<JobLogLine>} */ (reader)("log");
  const live = { everyMs: REFRESH_MS, isOver };

  const parts = [
    section(view, {
      title: "Job",
      load: async () => ({ job: await readJob(), waits: await readWaits() }),
      draw: drawJob,
      ...live,
    }),
    section(view, {
      title: "Waits",
      load: async () => ({ isOver: (await readJob()).finished_at !== undefined, waits: await readWaits() }),
      draw: ({ isOver: isJobOver, waits }) =>
        waits.length === 0 ? [] : [waitList(view, { id, isOver: isJobOver }, waits, () => void refresh())],
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
      load: async () => (await readJob()).result,
      draw: (result) => (result === undefined ? [] : [jsonView(result)]),
      ...live,
    }),
    section(view, {
      title: "Input",
      load: async () => (await readJob()).input,
      draw: (input) => [jsonView(input)],
      ...live,
    }),
    section(view, {
      title: "Model calls",
      load: readCalls,
      draw: (calls) => (calls.length === 0 ? [] : [callList(calls, { withJob: false })]),
      ...live,
    }),
    section(view, {
      title: "Agent runs",
      load: readRuns,
      draw: (runs) => (runs.length === 0 ? [] : [runList(runs)]),
      ...live,
    }),
    section(view, {
      title: "Artifacts",
      load: () => api.get("/artifacts", { query: { job_id: id, limit: 50 }, signal }),
      draw: (/** @type {{ items: readonly Artifact[] }} */ { items }) =>
        items.length === 0 ? [] : [artifactList(items, { withJob: false })],
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
      load: readLog,
      draw: (lines) => (lines.length === 0 ? [] : [logLines(lines)]),
      ...live,
    }),
  ];
  main.append(...parts.map(({ card }) => card));
  void follow();

  async function refresh() {
    await Promise.all(parts.map((part) => part.refresh()));
  }

  /** @param {{ job: JobDetails, waits: readonly JobWait[] }} data */
  function drawJob({ job: of, waits }) {
    job = of;
    const isWaiting =
      of.status === "queued" &&
      waits.some(
        ({ attempt, answer, closed_at }) =>
          attempt === of.attempt && answer === undefined && closed_at === undefined,
      );
    replaceContent(state, [badge(isWaiting ? "waiting" : of.status)]);
    replaceContent(
      actions,
      jobActions(view, { ...of, isWaiting }, () => void refresh()),
    );
    showProgress(of.finished_at === undefined ? of.progress : undefined);
    return [jobFacts({ ...of, isWaiting }), progress];
  }

  /** @param {JobDetails["progress"]} latest */
  function showProgress(latest) {
    progress.replaceChildren(...(latest === undefined ? [] : [progressBar(latest)]));
  }

  async function loadTimeline() {
    const [of, steps, calls, runs, events] = await Promise.all([
      readJob(),
      readSteps(),
      readCalls(),
      readRuns(),
      ownEvents(),
    ]);
    // A job that lives grows with the time.
    const now = of.finished_at === undefined ? Date.now() : Date.parse(of.finished_at);
    return { job: of, steps, calls, runs, events, now };
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
        for await (const { type, data } of api.follow(`${path}/events`, { signal })) {
          if (type === "progress") showProgress(JSON.parse(data));
          if (type !== "status" && type !== "end") continue;
          const known = job;
          // Before the first answer, the job is being read already.
          if (known !== undefined && JSON.parse(data).updated_at !== known.updated_at) {
            heard += 1;
            await refresh();
          }
          if (type === "end") {
            if (known !== undefined && known.finished_at === undefined) announce("The job has ended.");
            return;
          }
          await pause(SHORTEST_PAUSE_MS, signal);
        }
      } catch (error) {
        // Only a lost connection is worth another try.
        if (error instanceof ApiProblem && error.status < 500) return;
      }
      await pause(RECONNECT_MS, signal);
    }
  }
}
