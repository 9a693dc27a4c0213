import type { Hunk } from "./parse-diff.ts";

const CONTEXT_LINES = 3;

/** The new text, or the hunks that do not fit with the reasons. */
export type HunksResult =
  | { readonly text: string }
  | { readonly misfits: readonly { readonly hunk: string; readonly reason: string }[] };

/**
 * Applies hunks to a text, one character for each byte. A hunk fits where all of its lines are found: at its place, moved by as much as the
 * hunks before it, or otherwise at the only other place that has them.
 */
export function applyHunks(text: string, hunks: readonly Hunk[], isSameText: boolean): HunksResult {
  const lines = splitLines(text);
  const result: string[] = [];
  const misfits: { readonly hunk: string; readonly reason: string }[] = [];
  let copied = 0;
  let moved = 0;
  for (const hunk of hunks) {
    // A hunk without old lines comes after the line that it names.
    const expected = hunk.oldStart - (hunk.before.length === 0 ? 0 : 1) + moved;
    const places = placesOf(lines, hunk, { expected, from: copied, isSameText });
    const [place] = places;
    if (place === undefined || places.length > 1) {
      const reason =
        place === undefined
          ? "Its lines are not in the file any more."
          : "Its lines are at several places of the file.";
      misfits.push({ hunk: hunk.header, reason });
      continue;
    }
    for (let at = copied; at < place; at += 1) result.push(lines[at] ?? "");
    for (const line of hunk.after) result.push(line);
    copied = place + hunk.before.length;
    moved += place - expected;
  }
  for (let at = copied; at < lines.length; at += 1) result.push(lines[at] ?? "");
  return misfits.length > 0 ? { misfits } : { text: result.join("") };
}

function placesOf(
  lines: readonly string[],
  { before, oldStart, leading, trailing }: Hunk,
  options: { readonly expected: number; readonly from: number; readonly isSameText: boolean },
): readonly number[] {
  const { expected, from, isSameText } = options;
  // Git writes fewer lines around a change only at the beginning and at the end of a file. They hold the hunk there.
  const atBeginning = !isSameText && oldStart <= 1 && leading < CONTEXT_LINES;
  const atEnd = !isSameText && (trailing === 0 || trailing < leading);
  const fits = (place: number): boolean =>
    place >= from &&
    place + before.length <= lines.length &&
    (!atBeginning || place === 0) &&
    (!atEnd || place + before.length === lines.length) &&
    before.every((line, index) => lines[place + index] === line);
  if (fits(expected)) return [expected];
  const places: number[] = [];
  for (let place = from; place + before.length <= lines.length && places.length < 2; place += 1) {
    if (fits(place)) places.push(place);
  }
  return places;
}

function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
