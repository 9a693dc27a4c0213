import { newKey } from "../app/api.js";
import { addressOf } from "../app/router.js";
import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { actButton } from "../dom/act-button.js";
import { count, duration } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { confirm } from "../dom/confirm.js";
import { element } from "../dom/element.js";
import { moment } from "../dom/moment.js";
import { table } from "../dom/table.js";
import { inOrder } from "../dom/visible-text.js";
import { messageOf } from "../job/attempts.js";

/** @import { DeadLetter, Sink } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const REFRESH_MS = 3_000;
const PAGE = 50;

/**
 * The sinks, how far they are behind, and the events that they have not taken.
 *
 * @param {View} view
 */
export function showSinks(view) {
  const { api, main, query, signal } = view;
  const of = query.get("sink_id") ?? "";
  const cursor = query.get("cursor") ?? "";
  const said = element("p", { class: "note outcome text" });
  const say = (/** @type {string} */ text) => said.replaceChildren(inOrder(text));
  const refresh = () => {
    void list.refresh();
    void letters.refresh();
  };
  heading(view, "Sinks");
  const list = section(view, {
    title: "All sinks",
    load: () => api.get("/sinks", { signal }),
    draw: (/** @type {{ items: readonly Sink[] }} */ { items }) => [
      items.length === 0
        ? element("p", { class: "note" }, "This gateway has no sinks.")
        : table(
            "Sinks",
            items,
            [
              { title: "Sink", cell: ({ id }) => element("span", { class: "text" }, id) },
              {
                title: "State",
                cell: ({ status, paused_at }) => badge(paused_at === undefined ? status : "paused"),
                kind: "tight",
              },
              { title: "Behind", cell: behind, kind: "number" },
              {
                title: "Retrying",
                cell: ({ retrying_events }) => count(retrying_events),
                kind: "number wide",
              },
              { title: "Dead letters", cell: deadLetters, kind: "number" },
              {
                title: "Problem",
                cell: ({ error }) => element("span", { class: "problem text" }, error ?? ""),
                kind: "wide",
              },
              { title: "", cell: pauseButton, kind: "tools" },
            ],
            { stacks: true },
          ),
    ],
    everyMs: REFRESH_MS,
  });
  const letters = section(view, {
    title: of === "" ? "Dead letters" : `Dead letters of ${of}`,
    tools: of === "" ? [] : [element("a", { href: "#/sinks" }, "Of all sinks")],
    load: () => api.get("/dead-letters", { query: { sink_id: of, limit: PAGE, cursor }, signal }),
    draw: (/** @type {{ items: readonly DeadLetter[], cursor?: string }} */ page) =>
      [
        page.items.length === 0
          ? element("p", { class: "note" }, "None: every event was delivered, or is retried.")
          : letterTable(page.items),
        page.cursor !== undefined &&
          element(
            "div",
            { class: "pager" },
            element("span"),
            element("a", { href: addressOf("/sinks", [], { sink_id: of, cursor: page.cursor }) }, "More →"),
          ),
      ].filter((node) => node !== false),
    everyMs: REFRESH_MS,
  });
  main.append(list.card, said, letters.card);

  /** @param {Sink} sink */
  function pauseButton({ id, paused_at }) {
    const verb = paused_at === undefined ? "Pause" : "Resume";
    const act = async () => {
      await api.post(`/sinks/${encodeURIComponent(id)}/${verb.toLowerCase()}`, {}, newKey());
      return `${id}: ${verb.toLowerCase()}d.`;
    };
    return actButton({ label: verb, name: `${verb} ${id}`, act, onDone: refresh, say });
  }

  /** @param {readonly DeadLetter[]} items */
  function letterTable(items) {
    return table(
      "Dead letters",
      items,
      [
        {
          title: "Event",
          cell: ({ event_type, event_seq }) =>
            element("span", { class: "text" }, `${event_type ?? "pruned"} #${event_seq}`),
        },
        { title: "Sink", cell: ({ sink_id }) => element("span", { class: "text" }, sink_id) },
        { title: "Tries", cell: ({ attempts }) => attempts, kind: "number wide" },
        {
          title: "Error",
          cell: ({ error }) => element("span", { class: "problem text" }, messageOf(error) ?? "–"),
        },
        { title: "Given up", cell: ({ updated_at }) => moment(updated_at), kind: "number wide" },
        { title: "", cell: letterTools, kind: "tools" },
      ],
      { stacks: true },
    );
  }

  /** @param {DeadLetter} letter */
  function letterTools({ sink_id, event_id, event_seq }) {
    /**
     * @param {"redrive" | "dismiss"} verb
     * @param {string} label
     * @param {string} text
     */
    const button = (verb, label, text) => {
      const ask = async () => {
        const key = newKey();
        const act = async () => {
          await api.post(`/dead-letters/${verb}`, { sink_id, event_id }, key);
          return verb === "redrive" ? "The event is delivered again." : "The event is given up.";
        };
        const isDangerous = verb === "dismiss";
        if (await confirm({ title: `${label} event #${event_seq}?`, text, action: label, isDangerous, act }))
          refresh();
      };
      return element(
        "button",
        {
          type: "button",
          class: "small",
          "aria-label": `${label} event ${event_seq} of ${sink_id}`,
          "data-key": `${verb} ${sink_id} ${event_seq}`,
          onclick: () => void ask(),
        },
        label,
      );
    };
    return [
      button("redrive", "Redrive", `The sink "${sink_id}" gets it again, with all attempts.`),
      button("dismiss", "Dismiss", `The sink "${sink_id}" never gets it, and it may be pruned.`),
    ];
  }
}

/** @param {Sink} sink */
function behind({ lag_events, lag_ms }) {
  return lag_events === 0 ? "0" : `${count(lag_events)} · ${duration(lag_ms)}`;
}

/** @param {Sink} sink */
function deadLetters({ id, dead_events }) {
  if (dead_events === 0) return "0";
  const href = addressOf("/sinks", [], { sink_id: id });
  return element(
    "a",
    { href, "aria-label": `${dead_events} dead letters of ${id}`, "data-row": true },
    count(dead_events),
  );
}
