import { readFileSync } from "node:fs";
import Sqlite from "better-sqlite3";
import { type Evidence, type Kind, SINKS, STEPS } from "./evidence.ts";
import type { Life } from "./life.ts";

/** Compares a file with what its hosts wrote down, life after life. */
export interface Checker {
  /** Says what is not as it must be. Call it after each life, while nobody has the file open. */
  check(life: Life, log: string): readonly string[];
  /** Jobs that were asked for, of which it is not known whether they were created. */
  again(limit: number): readonly { readonly key: string; readonly kind: Kind }[];
  /** True when the last life left nothing to do. */
  readonly isDrained: boolean;
  readonly counts: Readonly<
    Record<"created" | "succeeded" | "condemned" | "runs" | "effects" | "deliveries", number>
  >;
  readonly slowestStopMs: number;
}

interface JobRow {
  readonly id: string;
  readonly idempotency_key: string | null;
  readonly parent_id: string | null;
  readonly status: string;
  readonly kind: Kind;
  readonly code: string | null;
}

// What a busy machine may add to `graceMs`, between a timer that falls due and the last line of the host.
const SLACK_MS = 1_000;
const CRASHES = 3;
const POISON_EXIT = 66;

/** A checker of a file that does not exist yet. */
export function createChecker({
  database,
  graceMs,
}: {
  readonly database: string;
  readonly graceMs: number;
}): Checker {
  const asked = new Map<string, Kind>();
  const created = new Map<string, string>();
  const effects = new Set<string>();
  const kept = new Set<string>();
  const handled = new Set<string>();
  const ended = new Map<string, string>();
  const deaths = new Map<string, number>();
  const counts = { created: 0, succeeded: 0, condemned: 0, runs: 0, effects: 0, deliveries: 0 };
  let suspects = new Set<string>();
  let isDrained = false;
  let slowestStopMs = 0;

  return {
    check(life, log) {
      const problems: string[] = [];
      // The last line may be cut off by a kill.
      const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
      const evidence = lines.map((line) => JSON.parse(line) as Evidence);
      readEvidence(evidence, problems);
      checkEnd(life, evidence, problems);
      // A host that was killed early has made no file yet.
      const jobs = readJobs(database, problems);
      checkJobs(jobs, problems);
      const running = new Set(jobs.filter(({ status }) => status === "running").map(({ id }) => id));
      checkStop({ life, evidence, running }, problems);
      checkQuarantine({ evidence, running }, problems);
      for (const id of running) deaths.set(id, (deaths.get(id) ?? 0) + 1);
      suspects = running;
      if (isDrained) checkAll(jobs, problems);
      return problems;
    },
    again: (limit) =>
      [...asked]
        .filter(([key]) => !created.has(key))
        .slice(-limit)
        .map(([key, kind]) => ({ key, kind })),
    get isDrained() {
      return isDrained;
    },
    counts,
    get slowestStopMs() {
      return slowestStopMs;
    },
  };

  function readEvidence(evidence: readonly Evidence[], problems: string[]): void {
    isDrained = false;
    for (const line of evidence) {
      if ("violation" in line) problems.push(line.violation);
      else if ("asked" in line) asked.set(line.asked, line.kind);
      else if ("created" in line) {
        const known = created.get(line.created);
        if (known !== undefined && known !== line.id)
          problems.push(`The key "${line.created}" has two jobs, ${known} and ${line.id}.`);
        created.set(line.created, line.id);
      } else if ("effect" in line) {
        const key = `${line.effect} ${line.step}`;
        counts.effects += 1;
        effects.add(key);
        if (kept.has(key)) problems.push(`The step "${line.step}" of ${line.effect} ran after it was kept.`);
      } else if ("kept" in line) kept.add(`${line.kept} ${line.step}`);
      else if ("handled" in line) {
        counts.deliveries += 1;
        handled.add(`${line.handled} ${line.sink}`);
      } else if ("begun" in line) counts.runs += 1;
      else if ("drained" in line) isDrained = true;
    }
    counts.created = created.size;
  }

  /** It ended as it was told to, or a poison job ended it. */
  function checkEnd(
    { end, code, signal, isInTime, errors }: Life,
    evidence: readonly Evidence[],
    problems: string[],
  ): void {
    if (!isInTime) problems.push("The host did not end, and was killed.");
    if (code === 0 && end === "stopped") return;
    if (end === "killed" && signal === "SIGKILL") return;
    const isPoisoned = evidence.some((line) => "poisoned" in line);
    const isKnown = code === POISON_EXIT || signal === "SIGABRT" || signal === "SIGKILL";
    if (isPoisoned && isKnown) return;
    // Before it has a handler, Node ends as the signal says.
    if (end === "stopped" && signal === "SIGTERM" && evidence.length === 0) return;
    problems.push(`The host ended with code ${code} and signal ${signal}:\n${errors}`);
  }

  function checkStop(
    {
      life,
      evidence,
      running,
    }: { readonly life: Life; readonly evidence: readonly Evidence[]; readonly running: ReadonlySet<string> },
    problems: string[],
  ): void {
    for (const line of evidence) {
      if (!("stoppedMs" in line)) continue;
      slowestStopMs = Math.max(slowestStopMs, line.stoppedMs);
      if (line.stoppedMs > graceMs + SLACK_MS)
        problems.push(`stop() took ${line.stoppedMs} ms; graceMs is ${graceMs}.`);
      if (line.calm && !life.lockedAtStop && running.size > 0)
        problems.push(`Jobs are running after stop(): ${[...running].join(", ")}.`);
    }
  }

  /** Of the jobs that ran at a crash, at most one runs at the next one, unless it was cleared. */
  function checkQuarantine(
    { evidence, running }: { readonly evidence: readonly Evidence[]; readonly running: ReadonlySet<string> },
    problems: string[],
  ): void {
    // Without a run, the host did not come so far as to queue them again.
    if (!evidence.some((line) => "begun" in line)) return;
    const left = new Set(evidence.flatMap((line) => ("left" in line ? line.left : [])));
    const together = [...suspects].filter((id) => running.has(id) && !left.has(id));
    if (together.length > 1) problems.push(`Suspects ran together: ${together.join(", ")}.`);
  }

  function checkJobs(jobs: readonly JobRow[], problems: string[]): void {
    const ids = new Map(jobs.map((job) => [job.id, job]));
    const keys = new Set<string>();
    for (const [key, id] of created)
      if (ids.get(id)?.idempotency_key !== key)
        problems.push(`The job ${id} was acknowledged and is not there.`);
    for (const { id, idempotency_key: key, status, kind, code } of jobs) {
      if (key !== null && keys.has(key)) problems.push(`The key "${key}" has two jobs.`);
      if (key !== null) {
        keys.add(key);
        if (!asked.has(key)) problems.push(`Nobody asked for the job "${key}".`);
        else created.set(key, id);
      }
      const before = ended.get(id);
      if (before !== undefined && before !== status)
        problems.push(`The job ${id} was ${before} and is ${status}.`);
      if (status !== "queued" && status !== "running") ended.set(id, status);
      if (status === "failed" && code !== "ATLAS_PLUGINS_CRASH_LOOP")
        problems.push(`The ${kind} job ${id} has failed with ${code}.`);
      if (status === "failed" && (deaths.get(id) ?? 0) < CRASHES)
        problems.push(`The ${kind} job ${id} was condemned after ${deaths.get(id) ?? 0} crashes.`);
      if (status === "cancelled") problems.push(`The job ${id} was cancelled by nobody.`);
      if (status === "succeeded" && kind === "poison") problems.push(`The poison job ${id} has succeeded.`);
    }
  }

  /** Nothing is left to do: so everything was done, once. */
  function checkAll(jobs: readonly JobRow[], problems: string[]): void {
    const artifacts = new Map<string, number>();
    const database_ = new Sqlite(database, { readonly: true });
    const rows = database_.prepare<[], { job_id: string }>("select job_id from artifacts").all();
    database_.close();
    for (const { job_id } of rows) artifacts.set(job_id, (artifacts.get(job_id) ?? 0) + 1);
    counts.succeeded = jobs.filter(({ status }) => status === "succeeded").length;
    counts.condemned = jobs.filter(({ status }) => status === "failed").length;
    for (const { id, kind, status } of jobs) {
      if (status === "queued" || status === "running")
        problems.push(`The ${kind} job ${id} is still ${status}.`);
      if (status !== "succeeded") continue;
      for (const step of STEPS)
        if (!effects.has(`${id} ${step}`)) problems.push(`The step "${step}" of ${id} never ran.`);
      for (const sink of SINKS)
        if (!handled.has(`${id} ${sink}`))
          problems.push(`The sink "${sink}" never had the success of ${id}.`);
      if (artifacts.get(id) !== 1) problems.push(`The job ${id} has ${artifacts.get(id) ?? 0} artifacts.`);
      const children = jobs.filter(({ parent_id }) => parent_id === id).length;
      if (children !== (kind === "family" ? 2 : 0)) problems.push(`The job ${id} has ${children} children.`);
    }
  }
}

function readJobs(path: string, problems: string[]): readonly JobRow[] {
  const database = new Sqlite(path, { readonly: true });
  try {
    const integrity = database.pragma("integrity_check", { simple: true });
    if (integrity !== "ok") problems.push(`The file is damaged: ${String(integrity)}`);
    return database
      .prepare<[], JobRow>(
        `select id, idempotency_key, parent_id, status, input ->> '$.kind' as kind, error ->> '$.code' as code
         from jobs order by id`,
      )
      .all();
  } finally {
    database.close();
  }
}
