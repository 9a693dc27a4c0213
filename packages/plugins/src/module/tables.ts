/** The tables of the runners. */
export interface PluginsTables {
  /** How far each source has come. */
  plugins_source_cursors: {
    source_id: string;
    /** Canonical JSON. */
    cursor: string;
  };
  /** When what has a schedule comes next. */
  plugins_schedules: {
    kind: ScheduleKind;
    id: string;
    /** Canonical JSON of the times it was made for: with other times it counts for nothing. */
    spec: string;
    next_at: string;
  };
  /** The last domain event that each sink has passed. */
  plugins_sink_cursors: {
    sink_id: string;
    event_seq: number;
    /** When a gateway last had this sink. */
    seen_at: string;
  };
  /** Events that a sink has passed without having them: those that come again, and those that are given up. */
  plugins_sink_exceptions: {
    sink_id: string;
    event_seq: number;
    status: SinkExceptionStatus;
    attempts: number;
    next_at: string;
    /** Canonical JSON. */
    error: string;
    updated_at: string;
  };
  /** What is known of a job's attempts beside their number. */
  plugins_job_runs: {
    job_id: string;
    /** Attempts that ended without success or failure: waits, interruptions, recoveries. */
    uncounted: number;
    /** Crashes one after the other, the last of them in `recovered_attempt`. */
    recoveries: number;
    recovered_attempt: number;
  };
  /** The results of a job's finished steps. */
  plugins_job_steps: {
    job_id: string;
    name: string;
    /** Canonical JSON; null for nothing. */
    result: string | null;
  };
  /** What a job that holds no slot waits for. */
  plugins_job_waits: {
    job_id: string;
    name: string;
    /** The attempt that began to wait. */
    attempt: number;
    /** Canonical JSON of a `WaitFor`. */
    wait_for: string;
    /** Only later events count. */
    after_seq: number;
    until: string | null;
  };
  /** The progress that a job last told of. */
  plugins_job_progress: {
    job_id: string;
    /** Canonical JSON of a `JobProgress`. */
    progress: string;
    at: string;
  };
}

/** What can have a schedule. */
export type ScheduleKind = "source" | "workflow";

/** `retrying`: comes again at `next_at`. `dead`: given up, until it is redriven. */
export type SinkExceptionStatus = "retrying" | "dead";
