import { size } from "./amounts.js";
import { element } from "./element.js";
import { allVisible } from "./visible-text.js";

const SHOWN_AT_ONCE = 20_000;
// One token of indented JSON: a key, a text, or anything else up to the next quote.
const TOKEN = /"(?:[^"\\]|\\.)*"(?::)?|[^"]+/g;

/**
 * A JSON value, indented. A large one is shown when it is asked for.
 *
 * @param {unknown} value
 * @returns {HTMLElement}
 */
export function jsonView(value) {
  const text = allVisible(JSON.stringify(value, undefined, 2) ?? "");
  if (text.length > SHOWN_AT_ONCE) return large(text);
  return element(
    "pre",
    { class: "json text", tabindex: 0, role: "region", "aria-label": "JSON" },
    marked(text),
  );
}

/** @param {string} text */
function large(text) {
  const box = element("div", { class: "pad" });
  const show = () => box.replaceWith(element("pre", { class: "json text", tabindex: 0 }, text));
  box.append(element("button", { type: "button", onclick: show }, `Show ${size(text.length)} of JSON`));
  return box;
}

/** @param {string} text */
function marked(text) {
  return [...text.matchAll(TOKEN)].map(([token]) => {
    if (token.endsWith('":')) return element("span", { class: "key" }, token);
    return token.startsWith('"') ? token : element("span", { class: "plain" }, token);
  });
}
