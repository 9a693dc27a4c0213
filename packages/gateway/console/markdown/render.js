import { element, isSafeLink } from "../dom/element.js";
import { parseBlocks } from "./parse-blocks.js";
import { parseInline } from "./parse-inline.js";

/** @import { Block } from "./parse-blocks.js" */
/** @import { Inline } from "./parse-inline.js" */

const LONGEST = 300_000;
const HEADINGS = /** @type {const} */ (["h2", "h3", "h4", "h5", "h6", "h6"]);

/**
 * Untrusted Markdown as elements. It becomes nothing but text and a few kinds of elements. Links go to the web or to mail only, say where, and
 * are followed only by who clicks; pictures are links, so that reading a text tells nobody that it was read.
 *
 * @param {string} text
 * @returns {readonly Node[]}
 */
export function markdown(text) {
  const nodes = parseBlocks(text.slice(0, LONGEST)).map(blockNode);
  if (text.length <= LONGEST) return nodes;
  return [
    ...nodes,
    element("p", { class: "note" }, `The first ${LONGEST.toLocaleString("en")} characters are shown.`),
  ];
}

/**
 * @param {Block} block
 * @returns {Node}
 */
function blockNode(block) {
  switch (block.kind) {
    case "heading":
      return element(HEADINGS[block.level - 1] ?? "h6", {}, inlineNodes(block.text));
    case "code":
      return element(
        "pre",
        { tabindex: 0, "data-language": block.language },
        element("code", {}, block.text),
      );
    case "quote":
      return element("blockquote", {}, block.blocks.map(blockNode));
    case "rule":
      return element("hr");
    case "list": {
      const items = block.items.map((item) => element("li", {}, itemNodes(item)));
      return block.isOrdered ? element("ol", { start: block.start }, items) : element("ul", {}, items);
    }
    case "table":
      return element(
        "div",
        { class: "scroll" },
        element(
          "table",
          {},
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              block.head.map((cell) => element("th", { scope: "col" }, inlineNodes(cell))),
            ),
          ),
          element(
            "tbody",
            {},
            block.rows.map((row) =>
              element(
                "tr",
                {},
                row.map((cell) => element("td", {}, inlineNodes(cell))),
              ),
            ),
          ),
        ),
      );
    default:
      return element("p", {}, inlineNodes(block.text));
  }
}

/**
 * The blocks of an item. A lone paragraph needs no element of its own.
 *
 * @param {readonly Block[]} blocks
 */
function itemNodes(blocks) {
  return blocks.flatMap((block, place) =>
    block.kind === "paragraph" && place === 0 ? inlineNodes(block.text) : [blockNode(block)],
  );
}

/**
 * @param {string} text
 * @returns {readonly (Node | string)[]}
 */
function inlineNodes(text) {
  return parseInline(text).map(inlineNode);
}

/**
 * @param {Inline} inline
 * @returns {Node | string}
 */
function inlineNode(inline) {
  switch (inline.kind) {
    case "text":
      return inline.text;
    case "code":
      return element("code", {}, inline.text);
    case "break":
      return element("br");
    case "strong":
      return element("strong", {}, inline.inner.map(inlineNode));
    case "emphasis":
      return element("em", {}, inline.inner.map(inlineNode));
    case "struck":
      return element("s", {}, inline.inner.map(inlineNode));
    default:
      return linkNode(inline.href, inline.isImage, inline.inner);
  }
}

/**
 * @param {string} href
 * @param {boolean} isImage
 * @param {readonly Inline[]} inner
 */
function linkNode(href, isImage, inner) {
  const label = [isImage && "Image: ", ...(inner.length === 0 ? [href] : inner.map(inlineNode))];
  // A link into the page could look like a part of it.
  if (href.startsWith("#") || !isSafeLink(href)) return element("span", { class: "dead-link" }, label);
  return element(
    "a",
    {
      href,
      title: href,
      target: "_blank",
      rel: "noopener noreferrer nofollow",
      referrerpolicy: "no-referrer",
    },
    label,
  );
}
