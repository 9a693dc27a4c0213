import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

/** A colour, by what it means. */
export type Tone = "good" | "bad" | "busy" | "quiet" | "strong";

/** Colours text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

const STYLES = { good: "green", bad: "red", busy: "cyan", quiet: "dim", strong: "bold" } as const;

/** Colours on a terminal only. `NO_COLOR` and `FORCE_COLOR` say otherwise, and Node reads them. */
export function createPaint(stream: WriteStream): Paint {
  return (tone, text) => styleText(STYLES[tone], text, { stream });
}

/** The tone of the status of a job. */
export function toneOf(status: string): Tone {
  if (status === "succeeded") return "good";
  if (status === "failed" || status === "cancelled") return "bad";
  return status === "running" ? "busy" : "quiet";
}
