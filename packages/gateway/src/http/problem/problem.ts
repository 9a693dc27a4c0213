import type { PartProblem } from "./problem-error.ts";

/** What failed, as it is sent: the members of RFC 9457 without those that follow from the status. */
export interface Problem {
  readonly status: number;
  /** A code of Atlas, such as `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`, or one of the server's own (`ATLAS_HTTP_…`). */
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly PartProblem[];
  readonly headers?: Readonly<Record<string, string>>;
}
