import { newKey } from "../app/api.js";
import { section } from "../app/section.js";
import { shareReads } from "../app/share-reads.js";
import { heading } from "../app/view.js";
import { actButton } from "../dom/act-button.js";
import { count, duration, size } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jsonView } from "../dom/json-view.js";
import { moment } from "../dom/moment.js";
import { factList, table } from "../dom/table.js";
import { inOrder } from "../dom/visible-text.js";

/** @import { GatewayFigures, GatewayState, Schedule, Workflow } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const REFRESH_MS = 6_000;

/**
 * The database, the extensions, and what is configured: workflows and schedules.
 *
 * @param {View} view
 */
export function showHealth(view) {
  const { api, main, signal } = view;
  const said = element("p", { class: "note outcome text" });
  const say = (/** @type {string} */ text) => said.replaceChildren(inOrder(text));
  heading(view, "Health");
  const readState = shareReads(
    async () => /** @type {GatewayState} */ (await api.get("/status", { signal })),
    () => api.changes,
  );

  const state = section(view, {
    title: "Gateway",
    load: readState,
    draw: (/** @type {GatewayState} */ { status, reason, since, message, jobs }) => [
      factList([
        ["Database", badge(status)],
        ["Reason", reason],
        ["Since", since !== undefined && moment(since)],
        ["Message", message],
        ["Running jobs", count(jobs.running)],
      ]),
    ],
    everyMs: REFRESH_MS,
  });
  const store = section(view, {
    title: "Store",
    load: () => api.get("/stats", { signal }),
    draw: (/** @type {GatewayFigures} */ { store: of }) => [
      factList([
        ["Database file", size(of.database_bytes)],
        ["Write-ahead log", size(of.wal_bytes)],
        ["Waiting commands", `${count(of.queue.commands)} · ${size(of.queue.bytes)}`],
        ["Journal", `${count(of.journal_entries)} commands`],
        ["Commit, median", `${of.commit_ms.p50.toFixed(1)} ms`],
        ["Commit, 99 %", `${of.commit_ms.p99.toFixed(1)} ms`],
        ["Commands per commit", of.batch_commands.mean.toFixed(1)],
        ["Refused commands", count(of.refused_commands)],
        ["Open reads", count(of.open_reads.count)],
      ]),
    ],
    everyMs: REFRESH_MS,
  });
  const extensions = section(view, {
    title: "Extensions",
    load: readState,
    draw: (/** @type {GatewayState} */ { extensions: all }) =>
      all.length === 0
        ? []
        : [
            element(
              "div",
              { class: "lines" },
              all.map(({ name, ...report }) =>
                element(
                  "details",
                  { class: "extension", "data-key": `extension ${name}` },
                  element(
                    "summary",
                    { class: "row" },
                    element("span", { class: "text name" }, name),
                    " ",
                    badge(String(report["status"])),
                  ),
                  jsonView(report),
                ),
              ),
            ),
          ],
    everyMs: REFRESH_MS,
  });
  const workflows = section(view, {
    title: "Workflows",
    load: () => api.get("/workflows", { signal }),
    draw: (/** @type {{ items: readonly Workflow[] }} */ { items }) => [
      table(
        "Workflows",
        items,
        [
          { title: "Workflow", cell: ({ id }) => element("span", { class: "text" }, id) },
          {
            title: "State",
            cell: ({ paused_at }) => badge(paused_at === undefined ? "ok" : "paused", paused_at),
            kind: "tight",
          },
          { title: "Runs for", cell: startedBy, kind: "wide" },
          { title: "", cell: pauseButton, kind: "tools" },
        ],
        { stacks: true },
      ),
    ],
    everyMs: REFRESH_MS,
  });
  const schedules = section(view, {
    title: "Schedules",
    load: () => api.get("/schedules", { signal }),
    draw: (/** @type {{ items: readonly Schedule[] }} */ { items }) =>
      items.length === 0
        ? []
        : [
            table("Schedules", items, [
              { title: "Schedule", cell: ({ id }) => element("span", { class: "text" }, id) },
              { title: "When", cell: ({ cron, every_ms = 0 }) => cron ?? `every ${duration(every_ms)}` },
              { title: "Runs", cell: ({ runs }) => count(runs), kind: "number wide" },
              { title: "Next", cell: ({ next_at }) => moment(next_at), kind: "number" },
            ]),
          ],
    everyMs: REFRESH_MS,
  });
  main.append(state.card, store.card, extensions.card, workflows.card, said, schedules.card);

  /** @param {Workflow} workflow */
  function pauseButton({ id, paused_at }) {
    const verb = paused_at === undefined ? "Pause" : "Resume";
    const act = async () => {
      await api.post(`/workflows/${encodeURIComponent(id)}/${verb.toLowerCase()}`, {}, newKey());
      return `${id}: ${verb.toLowerCase()}d.`;
    };
    return actButton({
      label: verb,
      name: `${verb} ${id}`,
      act,
      onDone: () => void workflows.refresh(),
      say,
    });
  }
}

/** @param {Workflow} workflow */
function startedBy({ on, has_schedule, is_batched }) {
  const causes = [on?.join(", "), has_schedule && "a schedule", is_batched && "batches"];
  return causes.filter((cause) => typeof cause === "string").join(", ") || "requests";
}
