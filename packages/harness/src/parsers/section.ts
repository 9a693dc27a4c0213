/**
 * The text between two markers, without the line breaks beside them; `undefined` where there is no start marker. Without an end
 * marker, or where it does not come, the section ends with the text.
 */
export function sectionIn(
  text: string,
  {
    start,
    end,
    take,
  }: { readonly start: string; readonly end: string | undefined; readonly take: "first" | "last" },
): string | undefined {
  const at = take === "first" ? text.indexOf(start) : lastStart(text, start, end);
  if (at < 0) return undefined;
  const from = at + start.length;
  const to = end === undefined ? -1 : text.indexOf(end, from);
  return text
    .slice(from, to < 0 ? text.length : to)
    .replace(/^\r?\n/, "")
    .replace(/\r?\n$/, "");
}

/** Where the last section starts. Where both markers are the same, every second one starts a section. */
function lastStart(text: string, start: string, end: string | undefined): number {
  if (start !== end) return text.lastIndexOf(start);
  let last = -1;
  for (let at = text.indexOf(start); at >= 0; ) {
    last = at;
    const close = text.indexOf(end, at + start.length);
    at = close < 0 ? -1 : text.indexOf(start, close + end.length);
  }
  return last;
}
