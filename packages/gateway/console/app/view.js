/**
 * What a view is given: the API, its place in the page, and when it is left.
 *
 * @typedef {object} View
 * @property {import("./api.js").Api} api
 * @property {HTMLElement} main
 * @property {readonly string[]} params The parts of the address that stand for names.
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal Aborted when another view is shown.
 * @property {import("./session.js").Session} session
 */

import { element } from "../dom/element.js";

/** @import { Child } from "../dom/element.js" */

/**
 * Begins a view: its heading, with what stands beside it.
 *
 * @param {View} view
 * @param {string} title
 * @param {...Child} beside
 */
export function heading(view, title, ...beside) {
  document.title = `${title} – Atlas`;
  const head = element(
    "div",
    { class: "head" },
    element("h1", { tabindex: -1, class: "text" }, title),
    ...beside,
  );
  view.main.replaceChildren(head);
  return head;
}
