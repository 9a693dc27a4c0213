import type { HarnessCost, HarnessUsage } from "./usage.ts";

/** What happens while an agent works. `harness` is the name of the agent. */
export type HarnessEvent =
  | {
      readonly type: "state";
      readonly harness: string;
      readonly state: "preparing" | "running" | "collecting" | "applying";
    }
  /** A line that the program printed, without its line break. */
  | {
      readonly type: "output";
      readonly harness: string;
      readonly stream: "stdout" | "stderr";
      readonly line: string;
    }
  /** Words of the agent. */
  | { readonly type: "message"; readonly harness: string; readonly text: string }
  | {
      readonly type: "tool_call";
      readonly harness: string;
      readonly id?: string;
      /** The agent's name for the tool, such as `Bash` or `apply_patch`. */
      readonly name: string;
      readonly status: "started" | "completed" | "failed" | "denied";
      /** The command, the path or whatever else describes the call, in one line. */
      readonly detail?: string;
    }
  /** A change that the agent reported. The difference of the result is what counts. */
  | {
      readonly type: "file_change";
      readonly harness: string;
      readonly path: string;
      readonly change: "added" | "modified" | "deleted";
    }
  /** All that the task has used up to now. */
  | {
      readonly type: "usage";
      readonly harness: string;
      readonly usage: HarnessUsage;
      readonly cost?: HarnessCost;
    };

/** An event whose `harness` is filled in by who passes it on. */
export type UnnamedHarnessEvent = HarnessEvent extends infer Event
  ? Event extends HarnessEvent
    ? Omit<Event, "harness">
    : never
  : never;
