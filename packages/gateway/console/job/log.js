import { element } from "../dom/element.js";
import { clockTime } from "../dom/moment.js";

/** @import { JobLogLine } from "../../src/http/console/records.ts" */

/**
 * The lines that a job logged.
 *
 * @param {readonly JobLogLine[]} lines
 */
export function logLines(lines) {
  return element(
    "ol",
    { class: "log", tabindex: 0, "aria-label": "Log lines" },
    lines.map(({ at, attempt, level, message, fields }) =>
      element(
        "li",
        { class: level },
        clockTime(at),
        element("span", { class: "muted", title: `Attempt ${attempt}` }, `#${attempt}`),
        element("span", { class: "level" }, level),
        element(
          "span",
          { class: "said" },
          element("span", { class: "text" }, message),
          fields !== undefined && [" ", element("span", { class: "muted text" }, JSON.stringify(fields))],
        ),
      ),
    ),
  );
}
