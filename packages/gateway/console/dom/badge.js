import { element } from "./element.js";

/** @type {Readonly<Record<string, "good" | "warn" | "bad" | "busy" | "">>} */
const TONES = {
  ok: "good",
  answered: "good",
  succeeded: "good",
  ready: "good",
  delivered: "good",
  running: "busy",
  syncing: "busy",
  waiting: "warn",
  paused: "warn",
  degraded: "warn",
  retrying: "warn",
  skipped: "warn",
  failing: "bad",
  failed: "bad",
  hanging: "bad",
  dead: "bad",
  stopped: "bad",
};

/**
 * A state as a word with a colour.
 *
 * @param {string} state
 * @param {string} [title]
 */
export function badge(state, title) {
  const tone = Object.hasOwn(TONES, state) ? TONES[state] : "";
  return element("span", { class: `badge ${tone}`, title }, state);
}
