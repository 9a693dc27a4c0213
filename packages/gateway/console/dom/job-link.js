import { addressOf } from "../app/router.js";
import { element } from "./element.js";

/**
 * A link to a job.
 *
 * @param {string} id
 * @param {boolean} [isRow] True where j and k go through these links.
 */
export function jobLink(id, isRow = false) {
  const href = addressOf("/jobs/:id", [id]);
  return element("a", { href, class: "mono id", title: id, "data-key": `job ${id}`, "data-row": isRow }, id);
}
