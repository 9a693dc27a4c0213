import { element } from "../dom/element.js";
import { replaceContent } from "../dom/replace-content.js";
import { ApiProblem } from "./api.js";
import { repeat } from "./repeat.js";

/** @import { View } from "./view.js" */

/**
 * A part of a view that reads its own data: it is filled when that has come, kept up to date, and drawn anew only when the data has changed.
 * One part that fails, for want of a scope or of the server, leaves the others as they are.
 *
 * @template Data
 * @param {View} view
 * @param {object} options
 * @param {string} options.title
 * @param {() => Promise<Data>} options.load
 * @param {(data: Data) => readonly (Node | string)[]} options.draw An empty list hides the whole part.
 * @param {number} [options.everyMs] Default: it is read once, and again on "r".
 * @param {() => boolean} [options.isOver] Asked after each look: nothing will change any more.
 * @param {readonly Node[]} [options.tools] Stand beside the title.
 * @returns {{ readonly card: HTMLElement, readonly refresh: () => Promise<boolean> }}
 */
export function section(view, { title, load, draw, everyMs, isOver = () => false, tools = [] }) {
  const id = `part-${title.toLowerCase().replaceAll(/\W+/g, "-")}`;
  const body = element(
    "div",
    { class: "body", "aria-busy": "true" },
    element("p", { class: "note" }, "Loading…"),
  );
  const card = element(
    "section",
    { class: "card", "aria-labelledby": id },
    element("header", {}, element("h2", { id }, title), element("div", { class: "actions" }, ...tools)),
    body,
  );
  /** @type {string | undefined} */
  let drawn;

  const refresh = async () => {
    try {
      const data = await load();
      const text = JSON.stringify(data) ?? "";
      if (view.signal.aborted || text === drawn) return true;
      const content = draw(data);
      card.hidden = content.length === 0;
      replaceContent(body, content);
      body.setAttribute("aria-busy", "false");
      drawn = text;
      return true;
    } catch (error) {
      if (view.signal.aborted) return true;
      // What was shown stays while the server is away; the bar says that it is.
      if (drawn === undefined || error instanceof ApiProblem) {
        drawn = undefined;
        card.hidden = false;
        body.setAttribute("aria-busy", "false");
        replaceContent(body, [failure(error)]);
      }
      return false;
    }
  };
  if (everyMs === undefined) void refresh();
  else void repeat(everyMs, view.signal, async () => (isOver() && drawn !== undefined ? true : refresh()));
  addEventListener("atlas:refresh", () => void refresh(), { signal: view.signal });
  return { card, refresh };
}

/**
 * What went wrong, in a sentence, with its code.
 *
 * @param {unknown} error
 */
export function failure(error) {
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof ApiProblem ? error.code : "";
  return element("p", { class: "problem" }, text, code !== "" && [" ", element("code", {}, code)]);
}
