/**
 * A piece of a line of Markdown.
 *
 * @typedef {{ readonly kind: "text" | "code", readonly text: string }
 *   | { readonly kind: "break" }
 *   | { readonly kind: "strong" | "emphasis" | "struck", readonly inner: readonly Inline[] }
 *   | { readonly kind: "link", readonly href: string, readonly isImage: boolean, readonly inner: readonly Inline[] }} Inline
 */

const MAX_DEPTH = 8;
const LONGEST_LINK = 4_000;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
// Sticky, so that each looks at one place only and cannot run through the text again and again.
const ADDRESS = /https?:\/\/[^\s<>"'`]{1,2000}/y;
const IN_ANGLES = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/y;

/** @type {readonly { readonly mark: string, readonly kind: "strong" | "emphasis" | "struck" }[]} */
const MARKS = [
  { mark: "**", kind: "strong" },
  { mark: "__", kind: "strong" },
  { mark: "~~", kind: "struck" },
  { mark: "*", kind: "emphasis" },
  { mark: "_", kind: "emphasis" },
];

/**
 * Splits text into emphasis, code, links and plain text. What has no end is plain text, and so is HTML.
 *
 * @param {string} text
 * @returns {readonly Inline[]}
 */
export function parseInline(text) {
  return inlinesOf(text, 0);
}

/**
 * @param {string} text
 * @param {number} depth
 * @returns {readonly Inline[]}
 */
function inlinesOf(text, depth) {
  /** @type {Inline[]} */
  const found = [];
  let plain = "";
  /** What has no end further on is not searched for again: so many openers cost no more than one. */
  const endless = new Set();
  const push = (/** @type {Inline} */ piece) => {
    if (plain !== "") found.push({ kind: "text", text: plain });
    plain = "";
    found.push(piece);
  };

  for (let at = 0; at < text.length; ) {
    const lineEnd = lineEndAt(text, at);
    if (lineEnd !== undefined) {
      if (lineEnd.isBreak) push({ kind: "break" });
      else plain += " ";
      at = lineEnd.next;
      continue;
    }
    const piece = depth < MAX_DEPTH ? pieceAt(text, at, depth, endless) : undefined;
    if (piece !== undefined) {
      push(piece.inline);
      at = piece.next;
    } else if (text[at] === "\\" && ESCAPABLE.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain !== "") found.push({ kind: "text", text: plain });
  return found;
}

/**
 * The end of a line, with the spaces before it. Two of them, or a backslash, break the line.
 *
 * @param {string} text
 * @param {number} at
 */
function lineEndAt(text, at) {
  if (text.startsWith("\\\n", at)) return { isBreak: true, next: at + 2 };
  // A row of spaces is looked at once, from its first.
  if (text[at] === " " && text[at - 1] === " ") return undefined;
  let end = at;
  while (text[end] === " ") end += 1;
  return text[end] === "\n" ? { isBreak: end - at >= 2, next: end + 1 } : undefined;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {number} depth
 * @param {Set<string>} endless
 * @returns {{ inline: Inline, next: number } | undefined}
 */
function pieceAt(text, at, depth, endless) {
  const sign = text[at];
  if (sign === "`") return codeAt(text, at, endless);
  if (sign === "!" && text[at + 1] === "[") return linkAt(text, at + 1, depth, true, endless);
  if (sign === "[") return linkAt(text, at, depth, false, endless);
  if (sign === "<") return addressAt(text, at, IN_ANGLES, 1);
  if (sign === "h" && !/\w/.test(text[at - 1] ?? " ")) return addressAt(text, at, ADDRESS, 0);
  if (sign === "*" || sign === "_" || sign === "~") return markedAt(text, at, depth, endless);
  return undefined;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Set<string>} endless
 * @returns {{ inline: Inline, next: number } | undefined}
 */
function codeAt(text, at, endless) {
  let open = at;
  while (text[open] === "`") open += 1;
  const mark = text.slice(at, open);
  const plain = { inline: /** @type {Inline} */ ({ kind: "text", text: mark }), next: open };
  if (endless.has(mark)) return plain;
  for (let end = text.indexOf(mark, open); end !== -1; ) {
    let after = end;
    while (text[after] === "`") after += 1;
    if (after - end === mark.length) {
      const inner = text.slice(open, end).replaceAll("\n", " ");
      const isPadded = /^ .* $/.test(inner) && inner.trim() !== "";
      return { inline: { kind: "code", text: isPadded ? inner.slice(1, -1) : inner }, next: after };
    }
    end = text.indexOf(mark, after);
  }
  endless.add(mark);
  return plain;
}

/**
 * @param {string} text
 * @param {number} at Where the bracket is.
 * @param {number} depth
 * @param {boolean} isImage
 * @param {Set<string>} endless
 * @returns {{ inline: Inline, next: number } | undefined}
 */
function linkAt(text, at, depth, isImage, endless) {
  if (endless.has("](")) return undefined;
  const middle = text.indexOf("](", at);
  if (middle === -1) {
    endless.add("](");
    return undefined;
  }
  if (middle - at > LONGEST_LINK) return undefined;
  const label = text.slice(at + 1, middle);
  // The innermost bracket has the link.
  if (!isImage && /(?<!!)\[/.test(label)) return undefined;
  const rest = text.slice(middle + 2, middle + 2 + LONGEST_LINK);
  const target = /^\s*(?:<([^<>\n]*)>|((?:[^\s()]|\([^\s()]*\))*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/.exec(
    rest,
  );
  if (target === null) return undefined;
  const href = target[1] ?? target[2] ?? "";
  const next = middle + 2 + target[0].length;
  return { inline: { kind: "link", href, isImage, inner: inlinesOf(label, depth + 1) }, next };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {RegExp} pattern
 * @param {number} group
 * @returns {{ inline: Inline, next: number } | undefined}
 */
function addressAt(text, at, pattern, group) {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const whole = found[0];
  // A sentence may end right after an address.
  const href = group === 0 ? whole.replace(/[.,;:!?)\]*_~]+$/, "") : (found[group] ?? "");
  const next = at + (group === 0 ? href.length : whole.length);
  return { inline: { kind: "link", href, isImage: false, inner: [{ kind: "text", text: href }] }, next };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {number} depth
 * @param {Set<string>} endless
 * @returns {{ inline: Inline, next: number } | undefined}
 */
function markedAt(text, at, depth, endless) {
  for (const { mark, kind } of MARKS) {
    if (!text.startsWith(mark, at)) continue;
    const open = at + mark.length;
    const isInWord = mark.startsWith("_") && /\w/.test(text[at - 1] ?? " ");
    if (isInWord || endless.has(mark) || /^\s|^$/.test(text[open] ?? "")) continue;
    const end = endOf(text, mark, open);
    if (end === -1) {
      endless.add(mark);
      continue;
    }
    return { inline: { kind, inner: inlinesOf(text.slice(open, end), depth + 1) }, next: end + mark.length };
  }
  return undefined;
}

/**
 * @param {string} text
 * @param {string} mark
 * @param {number} from
 */
function endOf(text, mark, from) {
  const sign = mark[0] ?? "";
  for (let end = text.indexOf(mark, from); end !== -1; end = text.indexOf(mark, end + 1)) {
    const before = text[end - 1] ?? " ";
    const isSingle = mark.length > 1 || (before !== sign && text[end + 1] !== sign);
    const isAtWordEnd = sign !== "_" || !/\w/.test(text[end + mark.length] ?? " ");
    if (end > from && !/\s|\\/.test(before) && isSingle && isAtWordEnd) return end;
  }
  return -1;
}
