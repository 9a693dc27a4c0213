import type { RecordedCall } from "./recorded-run.ts";

/** The first difference between two calls, with a short excerpt of each. */
export interface CallDifference {
  /** Such as `args[3]`. */
  readonly at: string;
  readonly expected: string;
  readonly got: string;
}

const EXCERPT = 60;
const LEAD = 20;

/** All differences between two calls, in the order in which a call is read. */
export function differencesOf(expected: RecordedCall, got: RecordedCall): readonly CallDifference[] {
  return [
    ...ofTexts("harness", expected.harness, got.harness),
    ...ofTexts("command", expected.command, got.command),
    ...ofLists("args", expected.args, got.args),
    ...ofTexts("stdin", expected.stdin, got.stdin),
    ...ofLists("env", expected.env, got.env),
  ];
}

function ofLists(at: string, expected: readonly string[], got: readonly string[]): readonly CallDifference[] {
  const length = Math.max(expected.length, got.length);
  return Array.from({ length }, (_, index) => ofTexts(`${at}[${index}]`, expected[index], got[index])).flat();
}

function ofTexts(
  at: string,
  expected: string | undefined,
  got: string | undefined,
): readonly CallDifference[] {
  if (expected === got) return [];
  const from = commonLength(expected ?? "", got ?? "");
  return [{ at, expected: excerpt(expected, from), got: excerpt(got, from) }];
}

function commonLength(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length += 1;
  return length;
}

/** An excerpt that starts a little before `from`. */
function excerpt(text: string | undefined, from: number): string {
  if (text === undefined) return "nothing";
  const start = Math.max(0, from - LEAD);
  const piece = text.slice(start, start + EXCERPT).toWellFormed();
  return `${start > 0 ? "…" : ""}${JSON.stringify(piece)}${start + EXCERPT < text.length ? "…" : ""}`;
}
