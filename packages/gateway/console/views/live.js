import { ApiProblem } from "../app/api.js";
import { pause } from "../app/repeat.js";
import { failure } from "../app/section.js";
import { heading } from "../app/view.js";
import { announce } from "../dom/announce.js";
import { element } from "../dom/element.js";
import { eventRow } from "./event-row.js";

/** @import { DomainEvent } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const STREAM = "/domain-events/stream";
const KEPT = 500;
const RECENT = 100;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/**
 * Domain events as they are committed, the newest first. The last 500 are kept; a pause stops the list, and the stream goes on behind it.
 *
 * @param {View} view
 */
export function showLive(view) {
  const { api, main, signal } = view;
  const state = element("span", { class: "badge" }, "connecting");
  const stop = element("button", { type: "button", "aria-pressed": "false" }, "Pause");
  const clear = element("button", { type: "button" }, "Clear");
  heading(view, "Live events", state, element("div", { class: "actions" }, stop, clear));

  const filter = element("input", {
    id: "event-filter",
    type: "search",
    placeholder: "Type or id",
    autocomplete: "off",
    "data-filter": true,
  });
  const rows = element("ol", { class: "events lines", "aria-label": "Events, the newest first" });
  const note = element("p", { class: "note" }, "Waiting for events.");
  main.append(
    element(
      "form",
      { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      element("div", {}, element("label", { for: "event-filter" }, "Filter"), filter),
    ),
    element(
      "section",
      { class: "card", "aria-label": "Events" },
      element("div", { class: "body" }, note, rows),
    ),
  );

  /** @type {DomainEvent[]} The newest last. */
  let kept = [];
  /** @type {readonly DomainEvent[] | undefined} What is shown while the list stands still. */
  let frozen;
  let missed = 0;
  let isDrawing = false;

  stop.addEventListener("click", toggle);
  clear.addEventListener("click", () => {
    kept = [];
    frozen = frozen === undefined ? undefined : [];
    draw();
  });
  filter.addEventListener("input", draw);
  addEventListener("atlas:key", (event) => event instanceof CustomEvent && event.detail === "p" && toggle(), {
    signal,
  });
  void follow();

  function toggle() {
    frozen = frozen === undefined ? kept.slice() : undefined;
    missed = 0;
    stop.setAttribute("aria-pressed", String(frozen !== undefined));
    announce(frozen === undefined ? "Live events go on." : "Live events are paused.");
    draw();
  }

  /** Draws with the next frame, however many events came since the last. */
  function draw() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      if (signal.aborted) return;
      stop.textContent = frozen === undefined ? "Pause" : missed === 0 ? "Resume" : `Resume (${missed} new)`;
      const text = filter.value.trim().toLowerCase();
      const shown = (frozen ?? kept).filter(
        ({ type, aggregate_id = "" }) =>
          type.toLowerCase().includes(text) || aggregate_id.toLowerCase().includes(text),
      );
      const known = new Map([...rows.children].map((row) => [row.getAttribute("data-seq"), row]));
      // Rows that stay are the same elements: an open one stays open, and the focus stays where it is.
      const wanted = shown.map((event) => known.get(String(event.seq)) ?? eventRow(event)).reverse();
      const staying = new Set(wanted);
      for (const row of [...rows.children]) if (!staying.has(row)) row.remove();
      for (const [place, row] of wanted.entries())
        if (rows.children[place] !== row) rows.insertBefore(row, rows.children[place] ?? null);
      note.hidden = wanted.length > 0;
      note.textContent = kept.length === 0 ? "Waiting for events." : "No event matches the filter.";
    });
  }

  async function follow() {
    /** @type {string | undefined} */
    let after;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        after ??= await startingPoint();
        for await (const { type, id, data } of api.follow(STREAM, { query: { after }, signal })) {
          setState("live", "badge good");
          retryMs = FIRST_RETRY_MS;
          if (id !== "") after = id;
          if (type === "position") continue;
          if (type === "resync") {
            announce("Some events were pruned before they could be shown.");
            continue;
          }
          take(JSON.parse(data));
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiProblem && error.status < 500) {
          setState("refused", "badge bad");
          note.hidden = false;
          note.replaceChildren(failure(error));
          return;
        }
      }
      if (signal.aborted) return;
      setState("connecting", "badge warn");
      await pause(retryMs, signal);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    }
  }

  /** @param {DomainEvent} event */
  function take(event) {
    if (typeof event?.seq !== "number" || typeof event.type !== "string") return;
    // A stream that begins again may repeat its last event.
    if (event.seq <= (kept.at(-1)?.seq ?? 0)) return;
    kept.push(event);
    if (kept.length > KEPT) kept = kept.slice(-KEPT);
    if (frozen !== undefined) missed += 1;
    draw();
  }

  /** Some events before now, so that the list is not empty. The first thing that a stream says is where it begins. */
  async function startingPoint() {
    for await (const { id } of api.follow(STREAM, { signal }))
      return String(Math.max(0, Number(id) - RECENT));
    throw new Error("The stream ended at once.");
  }

  /**
   * @param {string} text
   * @param {string} classes
   */
  function setState(text, classes) {
    if (state.textContent === text) return;
    state.textContent = text;
    state.className = classes;
  }
}
