import { section } from "../app/section.js";
import { heading } from "../app/view.js";
import { element } from "../dom/element.js";
import { jsonView } from "../dom/json-view.js";
import { inOrder } from "../dom/visible-text.js";
import { markdown } from "../markdown/render.js";

/** @import { Panel } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const REFRESH_MS = 5_000;

/**
 * What a route of an extension answers: Markdown, rendered as untrusted text, or JSON.
 *
 * @param {View} view
 */
export function showPanel(view) {
  const { api, main, params, signal } = view;
  const [path = ""] = params;
  const title = heading(view, "Panel").querySelector("h1");
  const { card } = section(view, {
    title: "From an extension",
    async load() {
      const { items } = /** @type {{ items: readonly Panel[] }} */ (
        await api.get("console/panels.json", { signal })
      );
      const panel = items.find((one) => one.path === path);
      // Only what an extension has declared: a link must not make the page read any other address.
      if (panel === undefined)
        throw new Error("There is no such panel. Its extension may have been removed.");
      const response = await api.get(path, { signal, accept: "text/markdown, application/json;q=0.9" });
      const type = response.headers.get("content-type") ?? "";
      return { title: panel.title, type, text: await response.text() };
    },
    draw({ title: name, type, text }) {
      if (title !== null) title.textContent = inOrder(name);
      document.title = `${inOrder(name)} – Atlas`;
      if (/^application\/(?:[\w.-]+\+)?json/.test(type)) return [jsonView(JSON.parse(text))];
      return [element("article", { class: "markdown pad" }, markdown(text))];
    },
    everyMs: REFRESH_MS,
  });
  main.append(card);
}
