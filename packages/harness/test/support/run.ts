import { randomUUID } from "node:crypto";
import type { HarnessRun } from "../../src/contract/driver.ts";
import type { UnnamedHarnessEvent } from "../../src/contract/event.ts";

/** A run with defaults for everything but its folder, and the events that it was told. */
export function createRun(
  cwd: string,
  rest: Partial<HarnessRun> = {},
): { readonly run: HarnessRun; readonly events: readonly UnnamedHarnessEvent[] } {
  const events: UnnamedHarnessEvent[] = [];
  const run: HarnessRun = {
    runId: randomUUID(),
    harness: "my-tool",
    goal: "Add error handling",
    cwd,
    mode: "propose",
    profile: "quality",
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
    ...rest,
  };
  return { run, events };
}
