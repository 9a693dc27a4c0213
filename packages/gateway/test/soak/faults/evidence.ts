/** What becomes of a job in its workflow. A child is made by a family. */
export type Kind = "plain" | "stumbles" | "slow" | "deaf" | "family" | "child" | "unsteady" | "poison";

/** The steps of every job that succeeds. */
export const STEPS = ["reserve", "charge", "ship"] as const;
/** The sinks, each of which is to have the success of every job. */
export const SINKS = ["steady", "flaky", "hanging"] as const;

/** What a host writes into its log at once, a line each. A kill cannot take it back. */
export type Evidence =
  /** A job was asked for, and then acknowledged. */
  | { readonly asked: string; readonly kind: Kind }
  | { readonly created: string; readonly id: string }
  /** A run of a job began, and ended without the process. */
  | { readonly begun: string }
  | { readonly left: string }
  /** The job is about to end the process. */
  | { readonly poisoned: string }
  /** The side effect of a step happened, and then `ctx.step` resolved. */
  | { readonly effect: string; readonly step: string }
  | { readonly kept: string; readonly step: string }
  /** A sink had the success of a job. */
  | { readonly handled: string; readonly sink: string }
  /** What must never be. */
  | { readonly violation: string }
  /** Every job has ended, every sink has every event, and the store was verified. */
  | { readonly drained: true }
  /** `stop()` resolved; calm when the disk had room all the while. */
  | { readonly stoppedMs: number; readonly calm: boolean };
