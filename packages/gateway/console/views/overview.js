import { addressOf } from "../app/router.js";
import { section } from "../app/section.js";
import { shareReads } from "../app/share-reads.js";
import { heading } from "../app/view.js";
import { count, duration, rate } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { table } from "../dom/table.js";
import { attentionOf } from "./attention.js";
import { jobTable } from "./job-table.js";

/** @import { GatewayFigures, GatewayState, Job, ModelCall } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const FAST_MS = 4_000;
const SLOW_MS = 6_000;
const LOOKED_AT_CALLS = 50;
const NEWEST_JOBS = 10;

/**
 * How the gateway does: figures, what wants attention, the queues, and the newest jobs.
 *
 * @param {View} view
 */
export function showOverview(view) {
  const { api, main, signal } = view;
  heading(view, "Overview");
  const readStats = shareReads(
    async () => /** @type {GatewayFigures} */ (await api.get("/stats", { signal })),
    () => api.changes,
  );

  const figures = section(view, {
    title: "Now",
    load: readStats,
    draw: (stats) => [tiles(stats)],
    everyMs: SLOW_MS,
  });
  const attention = section(view, {
    title: "Attention",
    async load() {
      const [state, stats, calls] = await Promise.all([
        /** @type {Promise<GatewayState>} */ (api.get("/status", { signal })),
        readStats(),
        latestCalls(),
      ]);
      return attentionOf({ state, stats, calls });
    },
    draw: (notes) => [
      notes.length === 0
        ? element("p", { class: "note" }, "Nothing: no failure, pause, dead letter or stand-in answer.")
        : element(
            "ul",
            { class: "attention lines" },
            notes.map(({ state, text, address }) =>
              element(
                "li",
                {},
                badge(state),
                element("a", { href: address, class: "text", "data-key": `${state} ${text}` }, text),
              ),
            ),
          ),
    ],
    everyMs: SLOW_MS,
  });
  const queues = section(view, {
    title: "Workflows",
    load: async () => (await readStats()).workflows,
    draw: (workflows) => [
      workflows.length === 0
        ? element("p", { class: "note" }, "This gateway has no workflows.")
        : table("Workflows and their queues", workflows, [
            {
              title: "Workflow",
              cell: ({ workflow_id, is_paused }) => [
                element(
                  "a",
                  {
                    href: addressOf("/jobs", [], { workflow_id }),
                    class: "text",
                    "data-key": `queue ${workflow_id}`,
                  },
                  workflow_id,
                ),
                is_paused && [" ", badge("paused")],
              ],
            },
            { title: "Ready", cell: ({ ready_jobs }) => count(ready_jobs), kind: "number" },
            {
              title: "Oldest",
              cell: ({ oldest_ready_ms, ready_jobs }) => (ready_jobs === 0 ? "–" : duration(oldest_ready_ms)),
              kind: "number wide",
            },
            { title: "Delayed", cell: ({ delayed_jobs }) => count(delayed_jobs), kind: "number wide" },
            { title: "Running", cell: ({ running_attempts }) => count(running_attempts), kind: "number" },
            {
              title: "Per minute",
              cell: ({ succeeded_attempts_per_minute }) => rate(succeeded_attempts_per_minute),
              kind: "number wide",
            },
            { title: "Failed", cell: ({ failed_jobs_total }) => count(failed_jobs_total), kind: "number" },
            {
              title: "Run, median",
              cell: ({ run }) => (run.count === 0 ? "–" : duration(run.p50_ms)),
              kind: "number wide",
            },
          ]),
    ],
    everyMs: SLOW_MS,
  });
  const newest = section(view, {
    title: "Newest jobs",
    tools: [element("a", { href: "#/jobs" }, "All jobs")],
    load: () => api.get("/jobs", { query: { order: "desc", limit: NEWEST_JOBS }, signal }),
    draw: (/** @type {{ items: readonly Job[] }} */ { items }) => [
      items.length === 0
        ? element("p", { class: "note" }, "No job yet.")
        : jobTable("The newest jobs", items),
    ],
    everyMs: FAST_MS,
  });
  main.append(figures.card, attention.card, queues.card, newest.card);

  /** The newest calls of models; none where the token may not read them. */
  async function latestCalls() {
    try {
      const { items } = await api.get("/calls", { query: { limit: LOOKED_AT_CALLS }, signal });
      return /** @type {readonly ModelCall[]} */ (items);
    } catch {
      return [];
    }
  }
}

/** @param {GatewayFigures} figures */
function tiles({ workflows, sinks }) {
  /** @param {(one: GatewayFigures["workflows"][number]) => number} of */
  const sum = (of) => workflows.reduce((total, one) => total + of(one), 0);
  const lag = Math.max(0, ...sinks.map(({ lag_events }) => lag_events));
  const dead = sinks.reduce((total, { dead_events }) => total + dead_events, 0);
  /** @type {readonly (readonly [string, string])[]} */
  const all = [
    ["Running", count(sum(({ running_attempts }) => running_attempts))],
    ["Ready", count(sum(({ ready_jobs }) => ready_jobs))],
    ["Delayed", count(sum(({ delayed_jobs }) => delayed_jobs))],
    ["Succeeded / min", rate(sum(({ succeeded_attempts_per_minute }) => succeeded_attempts_per_minute))],
    ["Failed / min", rate(sum(({ failed_attempts_per_minute }) => failed_attempts_per_minute))],
    ["Events behind", count(lag)],
    ["Dead letters", count(dead)],
  ];
  return element(
    "dl",
    { class: "tiles" },
    all.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
}
