import { newKey } from "../app/api.js";
import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { actButton } from "../dom/act-button.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { moment } from "../dom/moment.js";
import { table } from "../dom/table.js";
import { inOrder } from "../dom/visible-text.js";

/** @import { Source, SourceSync } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const REFRESH_MS = 3_000;

/**
 * The sources, how their syncs went, and a button that syncs one now.
 *
 * @param {View} view
 */
export function showSources(view) {
  const { api, main, signal } = view;
  const said = element("p", { class: "note outcome text" });
  const say = (/** @type {string} */ text) => said.replaceChildren(inOrder(text));
  const refresh = () => void list.refresh();
  const all = actButton({
    label: "Sync all",
    name: "Sync all sources",
    act: () => sync({}),
    onDone: refresh,
    say,
  });
  heading(view, "Sources", element("div", { class: "actions" }, all));
  const list = section(view, {
    title: "All sources",
    load: () => api.get("/sources", { signal }),
    draw: (/** @type {{ items: readonly Source[] }} */ { items }) => [
      items.length === 0
        ? element("p", { class: "note" }, "This gateway has no sources.")
        : table(
            "Sources",
            items,
            [
              { title: "Source", cell: ({ id }) => element("span", { class: "text" }, id) },
              { title: "State", cell: state, kind: "tight" },
              {
                title: "Last sync",
                cell: ({ last_synced_at }) => moment(last_synced_at),
                kind: "number wide",
              },
              { title: "Next", cell: ({ next_at }) => moment(next_at), kind: "number wide" },
              { title: "Failures", cell: ({ failures }) => failures, kind: "number wide" },
              {
                title: "Problem",
                cell: ({ error }) => element("span", { class: "problem text" }, error ?? ""),
                kind: "wide",
              },
              { title: "", cell: tools, kind: "tools" },
            ],
            { stacks: true },
          ),
    ],
    everyMs: REFRESH_MS,
  });
  main.append(list.card, said);

  /** @param {Source} source */
  function tools({ id, paused_at }) {
    const verb = paused_at === undefined ? "Pause" : "Resume";
    return [
      paused_at === undefined &&
        actButton({
          label: "Sync now",
          name: `Sync ${id} now`,
          act: () => sync({ source_id: id }),
          onDone: refresh,
          say,
        }),
      actButton({
        label: verb,
        name: `${verb} ${id}`,
        act: async () => {
          await api.post(`/sources/${encodeURIComponent(id)}/${verb.toLowerCase()}`, {}, newKey());
          return `${id}: ${verb.toLowerCase()}d.`;
        },
        onDone: refresh,
        say,
      }),
    ];
  }

  /** @param {{ source_id?: string }} which */
  async function sync(which) {
    const { sources } = /** @type {{ sources: readonly SourceSync[] }} */ (
      await api.post("/sync", which, newKey())
    );
    if (sources.length === 0) return "There was no source to sync.";
    return sources
      .map(
        ({ id, changed, unchanged, refused }) =>
          `${id}: ${changed} changed, ${unchanged} unchanged, ${refused} refused.`,
      )
      .join(" ");
  }
}

/** @param {Source} source */
function state({ status, syncing, paused_at }) {
  if (paused_at !== undefined) return badge("paused", `Since ${paused_at}`);
  return badge(syncing ? "syncing" : status);
}
