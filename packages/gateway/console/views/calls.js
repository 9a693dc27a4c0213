import { addressOf } from "../app/router.js";
import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { duration } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { table } from "../dom/table.js";
import { callList } from "../job/evidence.js";

/** @import { ModelCall } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const PAGE = 50;
const REFRESH_MS = 4_000;

/**
 * The way that a call would take now.
 *
 * @typedef {{ candidate: string, from: string, state: "ready" | "skipped", reason?: string, model?: string, latency_ms?: number }} Candidate
 */

/**
 * Calls of models, the newest first, and the route that a call would take now.
 *
 * @param {View} view
 */
export function showCalls(view) {
  const { api, main, query, signal } = view;
  const cursor = query.get("cursor") ?? "";
  const profile = query.get("profile") ?? "";
  heading(view, "Model calls");

  const input = element("input", {
    id: "profile",
    value: profile,
    placeholder: "Default profile",
    "aria-label": "Profile",
    "data-filter": true,
    autocomplete: "off",
  });
  input.addEventListener("change", () => {
    location.hash = addressOf("/calls", [], { profile: input.value.trim() });
  });
  const route = section(view, {
    title: "Route now",
    tools: [input],
    load: () => api.get("/models/explain", { query: { profile }, signal }),
    draw: (
      /** @type {{ profile: string, candidates: readonly Candidate[] }} */ { profile: of, candidates },
    ) => [
      candidates.length === 0
        ? element("p", { class: "note" }, `The profile "${of}" names no candidate.`)
        : table(`Candidates of the profile ${of}, in the order in which they are asked`, candidates, [
            { title: "Candidate", cell: ({ candidate }) => element("span", { class: "text" }, candidate) },
            { title: "State", cell: ({ state }) => badge(state), kind: "tight" },
            { title: "Why", cell: ({ reason, from }) => reason ?? from.replaceAll("_", " ") },
            { title: "Model", cell: ({ model }) => model ?? "–", kind: "wide" },
            {
              title: "Latency",
              cell: ({ latency_ms }) => (latency_ms === undefined ? "–" : duration(latency_ms)),
              kind: "number wide",
            },
          ]),
    ],
    everyMs: REFRESH_MS,
  });
  const calls = section(view, {
    title: cursor === "" ? "Newest calls" : "Older calls",
    load: () => api.get("/calls", { query: { limit: PAGE, cursor }, signal }),
    draw: (/** @type {{ items: readonly ModelCall[], cursor?: string }} */ page) => [
      page.items.length === 0
        ? element("p", { class: "note" }, "No job has called a model yet.")
        : callList(page.items, { withJob: true }),
      element(
        "div",
        { class: "pager" },
        cursor === "" ? element("span") : element("a", { href: "#/calls" }, "← Newest"),
        page.cursor !== undefined &&
          element(
            "a",
            { href: addressOf("/calls", [], { profile, cursor: page.cursor }), "data-key": "older" },
            "Older →",
          ),
      ),
    ],
    ...(cursor === "" ? { everyMs: REFRESH_MS } : {}),
  });
  main.append(route.card, calls.card);
}
