import type { Job } from "@atlas/core";
import type { Output } from "../../output/output.ts";
import { toneOf } from "../../output/paint.ts";
import { visible } from "../../output/visible.ts";
import { callLines, type ModelCall } from "../model-call.ts";

/** What a running job reported last. */
export interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly message?: string;
}

/** A job and what it did, whether it comes from the file or from a gateway. */
export interface JobEvidence {
  readonly job: Job & { readonly result?: unknown; readonly progress?: Progress };
  readonly steps: readonly { readonly name: string; readonly attempt?: number }[];
  readonly waits: readonly {
    readonly name: string;
    readonly kind: string;
    readonly deadline?: string;
    readonly closed_at?: string;
    readonly answer?: unknown;
  }[];
  readonly calls: readonly ModelCall[];
  readonly runs: readonly ModelCall[];
  readonly log: readonly { readonly at: string; readonly level: string; readonly message: string }[];
}

/** A page about one job. */
export function jobLines(
  { job, steps, waits, calls, runs, log }: JobEvidence,
  output: Output,
): readonly string[] {
  const { paint } = output;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["workflow", job.workflow_id],
    ["created", job.created_at],
    ["started", job.started_at],
    ["finished", job.finished_at],
    ["runs", String(job.attempt)],
    ["parent", job.parent_id],
    ["key", job.idempotency_key],
    ["input", json(job.input)],
    ["progress", job.progress === undefined ? undefined : progressText(job.progress)],
    ["result", json(job.result)],
    ["error", json(job.error)],
  ];
  const known = fields.filter(([, value]) => value !== undefined);
  const head = `${paint("strong", visible(job.id))}  ${paint(toneOf(job.status), job.status)}`;
  return [
    head,
    ...known.map(([name, value = ""]) => `${paint("quiet", name.padEnd(9))} ${visible(value)}`),
    ...section("Steps", steps.length, () =>
      output.table(
        [
          { title: "STEP", value: ({ name }) => name },
          { title: "RUN", value: ({ attempt }) => attempt, align: "right" },
        ],
        steps,
      ),
    ),
    ...section("Waits", waits.length, () =>
      output.table(
        [
          { title: "WAIT", value: ({ name }) => name },
          { title: "FOR", value: ({ kind }) => kind },
          { title: "UNTIL", value: ({ deadline }) => deadline },
          { title: "STATE", value: waitState },
        ],
        waits,
      ),
    ),
    ...section("Model calls", calls.length, () => callLines(calls, output, { withJob: false })),
    ...section("Agents", runs.length, () => callLines(runs, output, { withJob: false })),
    ...section("Log", log.length, () =>
      log.map(({ at, level, message }) => `${at} ${level} ${visible(message)}`),
    ),
  ];

  function section(title: string, count: number, lines: () => readonly string[]): readonly string[] {
    return count === 0 ? [] : ["", paint("strong", title), ...lines()];
  }
}

/** `3 of 10, 30 %: reading`. */
export function progressText({ done, total, message }: Progress): string {
  const share = total === undefined || total <= 0 ? "" : `, ${Math.floor((done / total) * 100)} %`;
  const count = total === undefined ? String(done) : `${done} of ${total}${share}`;
  return message === undefined ? count : `${count}: ${message}`;
}

function waitState({ answer, closed_at }: JobEvidence["waits"][number]): string {
  if (answer !== undefined) return "answered";
  return closed_at === undefined ? "open" : "closed";
}

function json(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
