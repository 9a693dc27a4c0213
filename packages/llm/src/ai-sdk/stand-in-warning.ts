import type { SharedV4Warning } from "@ai-sdk/provider";

/**
 * Says that an answer is `degraded`. A stream has said its warnings before it knows everything about its answer, so a reader
 * also looks at the evidence at its end.
 */
export const standInWarning = {
  type: "other",
  message: "The mock answered in place of a configured model. Do not act on its text.",
} as const satisfies SharedV4Warning;

/** Tells whether these warnings say that the mock stands in. */
export function saysStandIn(warnings: readonly SharedV4Warning[]): boolean {
  return warnings.some((one) => one.type === "other" && one.message === standInWarning.message);
}
