import type { HarnessUsage } from "../../contract/usage.ts";
import { numberAt, valueAt } from "../json-fields.ts";

/** What an agent says that a turn has used. The protocol is still to settle it, so it stands in more than one place. */
export function usageOf(answer: unknown): HarnessUsage | undefined {
  const usage = valueAt(answer, "usage");
  if (usage !== undefined && usage !== null) {
    return counts({
      inputTokens: numberAt(usage, "inputTokens"),
      outputTokens: numberAt(usage, "outputTokens"),
      cachedInputTokens: numberAt(usage, "cachedReadTokens"),
      reasoningTokens: numberAt(usage, "thoughtTokens"),
    });
  }
  const quota = valueAt(answer, "_meta", "quota", "token_count");
  return counts({
    inputTokens: numberAt(quota, "input_tokens"),
    outputTokens: numberAt(quota, "output_tokens"),
  });
}

function counts(values: Readonly<Record<string, number | undefined>>): HarnessUsage | undefined {
  const known = Object.entries(values).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
