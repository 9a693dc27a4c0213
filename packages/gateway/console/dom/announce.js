import { byId } from "./element.js";
import { inOrder } from "./visible-text.js";

/**
 * Tells people who do not see the page what has happened.
 *
 * @param {string} text
 */
export function announce(text) {
  byId("status").textContent = inOrder(text);
}
