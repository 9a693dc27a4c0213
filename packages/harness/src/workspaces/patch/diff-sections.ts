const START = Buffer.from("\ndiff --git ");

/** Splits a difference into the parts of its files. No line within a part begins like the first line of one. */
export function splitDiff(diff: Buffer): readonly Buffer[] {
  const sections: Buffer[] = [];
  for (let from = 0; from < diff.length; ) {
    const next = diff.indexOf(START, from);
    const to = next === -1 ? diff.length : next + 1;
    sections.push(diff.subarray(from, to));
    from = to;
  }
  return sections;
}

/** The parts that are complete within a limit, of a difference that is longer. */
export function firstSections(diff: Buffer, maxBytes: number): Buffer {
  const end = diff.lastIndexOf(START, maxBytes - 1);
  return diff.subarray(0, end + 1);
}
