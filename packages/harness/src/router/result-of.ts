import type { Route } from "@atlas/routing";
import type { HarnessRunResult } from "../contract/driver.ts";
import type { HarnessOutput } from "../contract/output.ts";
import type { HarnessMode, HarnessResult } from "../contract/runtime.ts";
import type { WorkspaceChanges } from "../workspaces/workspace.ts";

/** The result of a task: what the agent returned, and what it has changed. */
export function resultOf(done: {
  readonly mode: HarnessMode;
  readonly harness: string;
  readonly answer: HarnessRunResult;
  /** Absent where changes are thrown away. */
  readonly changes: WorkspaceChanges | undefined;
  readonly durationMs: number;
  readonly route: Route;
  readonly degraded: boolean;
}): HarnessResult {
  const { mode, harness, answer, changes, durationMs, route, degraded } = done;
  const { summary, exitCode, usage, cost, sessionId } = answer;
  const truncated = answer.truncated === true || changes?.truncated === true;
  return {
    mode,
    summary,
    outputs: mode === "plan" ? planned(answer) : [...differenceOf(changes), ...answer.outputs],
    ...(changes === undefined || changes.files.length === 0 ? {} : { files: changes.files }),
    harness,
    durationMs,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(usage === undefined ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(truncated ? { truncated } : {}),
    route,
    ...(degraded ? { degraded } : {}),
  };
}

function differenceOf(changes: WorkspaceChanges | undefined): readonly HarnessOutput[] {
  if (changes === undefined || changes.diff === "") return [];
  return [{ type: "diff", diff: changes.diff, source: "workspace" }];
}

/** A plan comes first, and a difference, which only the agent can have printed, is left out. */
function planned({ summary, outputs }: HarnessRunResult): readonly HarnessOutput[] {
  const plans = outputs.filter(({ type }) => type === "plan");
  const others = outputs.filter(({ type }) => type !== "plan" && type !== "diff");
  return [...(plans.length > 0 ? plans : [{ type: "plan" as const, text: summary }]), ...others];
}
