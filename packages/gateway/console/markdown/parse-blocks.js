/**
 * A block of Markdown. Texts inside are parsed by `parseInline`.
 *
 * @typedef {{ readonly kind: "paragraph", readonly text: string }
 *   | { readonly kind: "heading", readonly level: number, readonly text: string }
 *   | { readonly kind: "code", readonly text: string, readonly language: string }
 *   | { readonly kind: "quote", readonly blocks: readonly Block[] }
 *   | { readonly kind: "list", readonly isOrdered: boolean, readonly start: number, readonly items: readonly (readonly Block[])[] }
 *   | { readonly kind: "table", readonly head: readonly string[], readonly rows: readonly (readonly string[])[] }
 *   | { readonly kind: "rule" }} Block
 */

// Deeper quotes and lists are shown as text: who nests them further means no reader well.
const MAX_DEPTH = 8;

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+|$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:[ \t]+|$)/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/**
 * Splits Markdown into blocks: headings, paragraphs, lists, quotes, fenced code, tables and rules. HTML is text. It takes time in proportion to
 * the length of the text.
 *
 * @param {string} text
 * @returns {readonly Block[]}
 */
export function parseBlocks(text) {
  return blocksOf(text.replaceAll("\t", "    ").split(/\r\n|\r|\n/), 0);
}

/**
 * @param {readonly string[]} lines
 * @param {number} depth
 * @returns {readonly Block[]}
 */
function blocksOf(lines, depth) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let paragraph = [];
  const endParagraph = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", text: paragraph.join("\n").trimEnd() });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    const found = line.trim() === "" ? undefined : blockAt(lines, at, depth, paragraph.length > 0);
    if (found !== undefined) {
      endParagraph();
      blocks.push(found.block);
      at = found.next;
      continue;
    }
    if (line.trim() === "") endParagraph();
    else paragraph.push(line.trimStart());
    at += 1;
  }
  endParagraph();
  return blocks;
}

/**
 * The block that begins in this line, if it is not part of a paragraph.
 *
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {number} depth
 * @param {boolean} isInParagraph
 * @returns {{ block: Block, next: number } | undefined}
 */
function blockAt(lines, at, depth, isInParagraph) {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line);
  if (fence !== null) return fenced(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading !== null) {
    const text = line
      .slice(heading[0].length)
      .replace(/\s+#+\s*$/, "")
      .trim();
    return { block: { kind: "heading", level: heading[1]?.length ?? 1, text }, next: at + 1 };
  }
  if (RULE.test(line)) return { block: { kind: "rule" }, next: at + 1 };
  if (depth < MAX_DEPTH && QUOTE.test(line)) return quoted(lines, at, depth);
  const item = ITEM.exec(line);
  // A number within a paragraph is one, such as a year at the beginning of its second line.
  if (depth < MAX_DEPTH && item !== null && !(isInParagraph && /^\d/.test(item[2] ?? "") && item[2] !== "1."))
    return listed(lines, at, depth);
  if (line.includes("|") && !isInParagraph && TABLE_RULE.test(lines[at + 1] ?? "")) return tabled(lines, at);
  return undefined;
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {RegExpExecArray} fence
 * @returns {{ block: Block, next: number }}
 */
function fenced(lines, at, [, mark = "```", language = ""]) {
  let end = at + 1;
  const isEnd = (/** @type {string} */ line) => {
    const text = line.trim();
    return text.length >= mark.length && text === (mark[0] ?? "`").repeat(text.length);
  };
  while (end < lines.length && !isEnd(lines[end] ?? "")) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  return { block: { kind: "code", text, language: language.trim() }, next: end + 1 };
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {{ block: Block, next: number }}
 */
function quoted(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end] ?? "")) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return { block: { kind: "quote", blocks: blocksOf(inner, depth + 1) }, next: end };
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {{ block: Block, next: number }}
 */
function listed(lines, at, depth) {
  const isOrdered = /^\s*\d/.test(lines[at] ?? "");
  /** @type {string[][]} */
  const items = [];
  let indent = 0;
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    const mark = ITEM.exec(line);
    const lead = line.length - line.trimStart().length;
    if (line.trim() === "") {
      // Only what is indented goes on after an empty line, or another item.
      const after = lines[next + 1] ?? "";
      if (!(after.startsWith(" ".repeat(Math.max(1, indent))) || isItem(after, isOrdered))) break;
      items.at(-1)?.push("");
    } else if (items.length > 0 && lead >= indent) items.at(-1)?.push(line.slice(indent));
    else if (mark !== null && isItem(line, isOrdered)) {
      indent = mark[0].trimEnd().length + 1;
      items.push([line.slice(Math.min(mark[0].length, line.length))]);
    } else if (items.length > 0 && lead > 0) items.at(-1)?.push(line.trim());
    else break;
  }
  const start = Number.parseInt((lines[at] ?? "").trim(), 10);
  const blocks = items.map((item) => blocksOf(item, depth + 1));
  return {
    block: { kind: "list", isOrdered, start: Number.isNaN(start) ? 1 : start, items: blocks },
    next: Math.max(next, at + 1),
  };
}

/**
 * @param {string} line
 * @param {boolean} isOrdered
 */
function isItem(line, isOrdered) {
  return ITEM.test(line) && !RULE.test(line) && /^\s*\d/.test(line) === isOrdered;
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @returns {{ block: Block, next: number }}
 */
function tabled(lines, at) {
  const head = cells(lines[at] ?? "");
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|") && (lines[end] ?? "").trim() !== "") end += 1;
  const rows = lines.slice(at + 2, end).map((line) => {
    const row = cells(line);
    return head.map((_, place) => row[place] ?? "");
  });
  return { block: { kind: "table", head, rows }, next: end };
}

/** @param {string} line */
function cells(line) {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
