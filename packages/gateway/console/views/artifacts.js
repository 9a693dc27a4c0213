import { addressOf } from "../app/router.js";
import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { moment } from "../dom/moment.js";
import { table } from "../dom/table.js";

/** @import { Artifact } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */
/** @import { Column } from "../dom/table.js" */

const PAGE = 50;
const REFRESH_MS = 5_000;

/**
 * What workflows have made, the newest first.
 *
 * @param {View} view
 */
export function showArtifacts(view) {
  const { api, main, query, signal } = view;
  const cursor = query.get("cursor") ?? "";
  heading(view, "Artifacts");
  const { card } = section(view, {
    title: cursor === "" ? "Newest" : "Older",
    load: () => api.get("/artifacts", { query: { order: "desc", limit: PAGE, cursor }, signal }),
    draw: (/** @type {{ items: readonly Artifact[], cursor?: string }} */ page) => [
      page.items.length === 0
        ? element("p", { class: "note" }, "No artifact yet.")
        : artifactList(page.items, { withJob: true }),
      element(
        "div",
        { class: "pager" },
        cursor === ""
          ? element("span")
          : element("a", { href: "#/artifacts", "data-key": "newest" }, "← Newest"),
        page.cursor !== undefined &&
          element(
            "a",
            { href: addressOf("/artifacts", [], { cursor: page.cursor }), "data-key": "older" },
            "Older →",
          ),
      ),
    ],
    ...(cursor === "" ? { everyMs: REFRESH_MS } : {}),
  });
  main.append(card);
}

/**
 * Artifacts as a table.
 *
 * @param {readonly Artifact[]} artifacts
 * @param {{ withJob: boolean }} options
 */
export function artifactList(artifacts, { withJob }) {
  /** @type {readonly Column<Artifact>[]} */
  const columns = [
    { title: "Artifact", cell: ({ id, title }) => artifactLink(id, title ?? id) },
    { title: "Type", cell: ({ type }) => element("span", { class: "text" }, type), kind: "wide" },
    {
      title: "Job",
      cell: ({ job_id }) => (job_id === undefined ? "–" : jobLink(job_id)),
      kind: "wide id",
    },
    { title: "Created", cell: ({ created_at }) => moment(created_at), kind: "number" },
  ];
  const shown = withJob ? columns : columns.filter(({ title }) => title !== "Job");
  return table("Artifacts", artifacts, shown, { stacks: true });
}

/**
 * @param {string} id
 * @param {string} title
 */
function artifactLink(id, title) {
  const href = addressOf("/artifacts/:id", [id]);
  return element("a", { href, class: "text", "data-row": true, "data-key": `artifact ${id}` }, title);
}
