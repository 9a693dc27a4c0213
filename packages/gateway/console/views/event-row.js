import { addressOf } from "../app/router.js";
import { element } from "../dom/element.js";
import { jsonView } from "../dom/json-view.js";
import { clockTime } from "../dom/moment.js";

/** @import { DomainEvent } from "../../src/http/console/records.ts" */

/**
 * A domain event as a line that opens. Its payload is drawn when it is opened: most are never read.
 *
 * @param {DomainEvent} event
 */
export function eventRow(event) {
  const { seq, type, aggregate_id, created_at, payload, context } = event;
  const details = element(
    "details",
    {},
    element(
      "summary",
      { class: "row", "data-row": true },
      element("span", { class: "mono muted seq" }, `#${seq}`),
      clockTime(created_at),
      element("span", { class: "text name" }, type),
      aggregate_id !== undefined && element("span", { class: "mono muted text id" }, aggregate_id),
    ),
  );
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const target = aggregate_id === undefined ? undefined : addressFor(type, aggregate_id);
    details.append(
      element(
        "div",
        {},
        target !== undefined && element("p", { class: "pad" }, element("a", { href: target }, "Open")),
        jsonView({ payload, ...(context === undefined ? {} : { context }) }),
      ),
    );
  });
  return element("li", { "data-seq": seq }, details);
}

/**
 * @param {string} type
 * @param {string} id
 */
function addressFor(type, id) {
  if (type.startsWith("job.")) return addressOf("/jobs/:id", [id]);
  return type.startsWith("artifact.") ? addressOf("/artifacts/:id", [id]) : undefined;
}
