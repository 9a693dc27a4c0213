import { addressOf } from "../app/router.js";
import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { element } from "../dom/element.js";
import { jobTable } from "./job-table.js";

/** @import { Job, Workflow } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const PAGE = 50;
const REFRESH_MS = 4_000;
const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"];

/**
 * Jobs, the newest first, a page at a time. What is filtered stands in the address.
 *
 * @param {View} view
 */
export function showJobs(view) {
  const { api, main, query, signal } = view;
  const filter = {
    status: query.get("status") ?? "",
    workflow_id: query.get("workflow_id") ?? "",
  };
  const cursor = query.get("cursor") ?? "";
  heading(view, "Jobs");

  const status = element(
    "select",
    { id: "status-filter", "data-filter": true },
    element("option", { value: "" }, "All"),
    STATUSES.map((one) => element("option", { value: one, selected: one === filter.status }, one)),
  );
  const workflow = element("input", {
    id: "workflow-filter",
    list: "workflows",
    value: filter.workflow_id,
    placeholder: "All",
    autocomplete: "off",
  });
  const known = element("datalist", { id: "workflows" });
  const apply = () => {
    location.hash = addressOf("/jobs", [], { status: status.value, workflow_id: workflow.value.trim() });
  };
  status.addEventListener("change", apply);
  workflow.addEventListener("change", apply);
  const bar = element(
    "form",
    { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    element("div", {}, element("label", { for: "status-filter" }, "Status"), status),
    element("div", {}, element("label", { for: "workflow-filter" }, "Workflow"), workflow, known),
  );

  const { card } = section(view, {
    title: cursor === "" ? "Newest" : "Older",
    load: () => api.get("/jobs", { query: { ...filter, order: "desc", limit: PAGE, cursor }, signal }),
    draw: (/** @type {{ items: readonly Job[], cursor?: string }} */ page) => [
      page.items.length === 0
        ? element("p", { class: "note" }, "No job matches.")
        : jobTable("Jobs, the newest first", page.items),
      pager(filter, { isFirst: cursor === "", next: page.cursor }),
    ],
    // Older pages do not move under the reader.
    ...(cursor === "" ? { everyMs: REFRESH_MS } : {}),
  });
  main.append(bar, card);

  api.get("/workflows", { signal }).then(
    (/** @type {{ items: readonly Workflow[] }} */ { items }) =>
      known.replaceChildren(...items.map(({ id }) => element("option", { value: id }))),
    // Ids can be typed without the list.
    () => undefined,
  );
}

/**
 * @param {Readonly<Record<string, string>>} filter
 * @param {{ isFirst: boolean, next: string | undefined }} page
 */
function pager(filter, { isFirst, next }) {
  return element(
    "div",
    { class: "pager" },
    isFirst
      ? element("span")
      : element("a", { href: addressOf("/jobs", [], filter), "data-key": "newest" }, "← Newest"),
    next !== undefined &&
      element(
        "a",
        { href: addressOf("/jobs", [], { ...filter, cursor: next }), "data-key": "older" },
        "Older →",
      ),
  );
}
