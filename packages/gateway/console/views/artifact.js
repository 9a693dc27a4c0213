import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { jsonView } from "../dom/json-view.js";
import { moment } from "../dom/moment.js";
import { factList } from "../dom/table.js";
import { inOrder } from "../dom/visible-text.js";
import { markdown } from "../markdown/render.js";

/** @import { Artifact } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

/**
 * One artifact: its Markdown rendered, and its data.
 *
 * @param {View} view
 */
export function showArtifact(view) {
  const { api, main, params, signal } = view;
  const [id = ""] = params;
  const title = heading(view, "Artifact").querySelector("h1");
  const load = async () =>
    /** @type {Artifact} */ (await api.get(`/artifacts/${encodeURIComponent(id)}`, { signal }));
  const about = section(view, {
    title: "About",
    load,
    draw(artifact) {
      if (title !== null) title.textContent = inOrder(artifact.title ?? artifact.id);
      document.title = `${inOrder(artifact.title ?? artifact.id)} – Atlas`;
      return [
        factList([
          ["Type", artifact.type],
          ["Id", element("span", { class: "mono" }, artifact.id)],
          ["Job", artifact.job_id !== undefined && jobLink(artifact.job_id)],
          ["Created", moment(artifact.created_at)],
          ["Changed", artifact.updated_at !== artifact.created_at && moment(artifact.updated_at)],
        ]),
      ];
    },
  });
  const content = section(view, {
    title: "Content",
    load,
    draw: ({ content_md }) =>
      content_md === undefined || content_md === ""
        ? []
        : [element("article", { class: "markdown pad" }, markdown(content_md))],
  });
  const data = section(view, {
    title: "Data",
    load,
    draw: ({ data: of }) => (of === undefined ? [] : [jsonView(of)]),
  });
  main.append(about.card, content.card, data.card);
}
