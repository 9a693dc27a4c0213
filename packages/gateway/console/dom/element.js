import { inOrder } from "./visible-text.js";

/**
 * @typedef {string | number | Node | false | undefined} Piece
 * @typedef {Piece | readonly (Piece | readonly (Piece | readonly Piece[])[])[]} Child
 * @typedef {Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>} Attributes
 */

// What would parse text as HTML, style or script. No view needs it, and the page's policy refuses most of it as well.
const REFUSED = new Set(["style", "srcdoc", "src", "action", "formaction"]);

/**
 * Makes an element. Every text becomes a text node, whatever it holds, and reads in the order in which it was written. A function is a listener (`onclick`); `true` sets an attribute
 * without a value, and `false` and `undefined` leave it out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.replace(/^on/, ""), value);
    else if (name.startsWith("on") || REFUSED.has(name)) throw new TypeError(`No element may have ${name}.`);
    else if (name === "href" && !isSafeLink(String(value))) throw new TypeError("A link may not lead there.");
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  append(made, children);
  return made;
}

/**
 * @param {Element} parent
 * @param {readonly Child[]} children
 */
function append(parent, children) {
  for (const child of children) {
    if (typeof child === "object" && !(child instanceof Node)) append(parent, child);
    else if (child !== undefined && child !== false)
      parent.append(child instanceof Node ? child : inOrder(String(child)));
  }
}

/**
 * True for a view of this page, and for an absolute address of the web or of mail. The browser's own parser decides, so that spaces,
 * control characters and upper case change nothing.
 *
 * @param {string} href
 */
export function isSafeLink(href) {
  if (href.startsWith("#/")) return true;
  return URL.canParse(href) && ["http:", "https:", "mailto:"].includes(new URL(href).protocol);
}

/**
 * The element of the page with this id, which its HTML has.
 *
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}
