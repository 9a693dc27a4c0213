import {
  type CommandOf,
  defineCommand,
  defineModule,
  idText,
  jsonText,
  query,
  statement,
  tables,
  timeText,
} from "@atlas/core";
import { z } from "zod";

/** The calls of language models that jobs have made. */
export interface LLMTables {
  llm_calls: {
    job_id: string;
    /** Which attempt at the job it was. */
    attempt: number;
    /** Which call of that attempt, from 1. */
    number: number;
    at: string;
    method: LLMCall["method"];
    status: LLMCall["status"];
    profile: string | null;
    candidate: string | null;
    provider: string | null;
    model: string | null;
    degraded: number;
    input_tokens: number | null;
    output_tokens: number | null;
    duration_ms: number;
    error_code: string | null;
    /** JSON: every attempt at a candidate, in order. */
    tries: string;
    /** JSON: who was not tried, and why. */
    skipped: string;
  };
}

const text = z.string().max(1_000);
const count = z.int().min(0);

const callSchema = z.object({
  job_id: idText,
  /** Which attempt at the job made it, and which call of that attempt it was, both from 1. */
  attempt: z.int().min(1),
  number: z.int().min(1),
  /** When it ended. */
  at: timeText,
  method: z.enum(["text", "stream", "object"]),
  status: z.enum(["answered", "failed"]),
  profile: text.exactOptional(),
  /** The name of the candidate that answered. */
  candidate: text.exactOptional(),
  provider: text.exactOptional(),
  model: text.exactOptional(),
  /** The mock answered in place of a configured model. */
  degraded: z.boolean(),
  input_tokens: count.exactOptional(),
  output_tokens: count.exactOptional(),
  duration_ms: count,
  error_code: text.exactOptional(),
  /** Every attempt at a candidate, in order. */
  tries: z.array(
    z.object({
      candidate: text,
      outcome: text,
      waited_ms: count,
      duration_ms: count,
      message: text.exactOptional(),
      code: text.exactOptional(),
      status: z.int().exactOptional(),
      retry_after_ms: count.exactOptional(),
      repair: z.literal(true).exactOptional(),
    }),
  ),
  /** Who was not tried, and why. */
  skipped: z.array(z.object({ candidate: text, reason: text })),
});

/** One call of a language model by a job: who answered, what was tried, how long it took and what it cost. */
export type LLMCall = z.infer<typeof callSchema>;

const insertCall = statement<LLMTables, LLMTables["llm_calls"]>((db, p) =>
  db
    .insertInto("llm_calls")
    .values({
      job_id: p.job_id,
      attempt: p.attempt,
      number: p.number,
      at: p.at,
      method: p.method,
      status: p.status,
      profile: p.profile,
      candidate: p.candidate,
      provider: p.provider,
      model: p.model,
      degraded: p.degraded,
      input_tokens: p.input_tokens,
      output_tokens: p.output_tokens,
      duration_ms: p.duration_ms,
      error_code: p.error_code,
      tries: p.tries,
      skipped: p.skipped,
    })
    .onConflict((conflict) => conflict.columns(["job_id", "attempt", "number"]).doNothing()),
);

const selectCalls = query<LLMTables, { job_id: string }>()((db, p) =>
  db.selectFrom("llm_calls").selectAll().where("job_id", "=", p.job_id).orderBy("attempt").orderBy("number"),
);

const selectDegraded = query<LLMTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("llm_calls")
    .select("number")
    .where("job_id", "=", p.job_id)
    .where("degraded", "=", 1)
    .limit(1),
);

const command = defineCommand<LLMTables>();

/** Keeps the evidence of every call of a language model with the job that made it. */
export const llmModule = defineModule({
  name: "llm",
  version: 1,
  tables: tables<LLMTables>(),
  migrations: {
    "001_calls": ({ schema }) => [
      schema
        .createTable("llm_calls")
        // Evidence goes when its job is pruned.
        .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id").onDelete("cascade"))
        .addColumn("attempt", "integer", (column) => column.notNull())
        .addColumn("number", "integer", (column) => column.notNull())
        .addColumn("at", "text", (column) => column.notNull())
        .addColumn("method", "text", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("profile", "text")
        .addColumn("candidate", "text")
        .addColumn("provider", "text")
        .addColumn("model", "text")
        .addColumn("degraded", "integer", (column) => column.notNull())
        .addColumn("input_tokens", "integer")
        .addColumn("output_tokens", "integer")
        .addColumn("duration_ms", "integer", (column) => column.notNull())
        .addColumn("error_code", "text")
        .addColumn("tries", "text", (column) => column.notNull())
        .addColumn("skipped", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("llm_calls_key", ["job_id", "attempt", "number"]),
    ],
  },
  commands: {
    "llm.call.record": command({
      schema: z.object({ call: callSchema }),
      apply: ({ call }, change) => {
        const row = {
          ...call,
          profile: call.profile ?? null,
          candidate: call.candidate ?? null,
          provider: call.provider ?? null,
          model: call.model ?? null,
          degraded: call.degraded ? 1 : 0,
          input_tokens: call.input_tokens ?? null,
          output_tokens: call.output_tokens ?? null,
          error_code: call.error_code ?? null,
          tries: jsonText(call.tries),
          skipped: jsonText(call.skipped),
        };
        change.run(insertCall, row, { ifNone: "stop" });
      },
    }),
  },
  queries: (read) => ({
    /** Every call that a job has made, in order: which model answered, what was tried, how long it took, how many tokens. */
    async listCalls(job_id: string): Promise<readonly LLMCall[]> {
      return (await read.all(selectCalls, { job_id })).map(callOf);
    },
    /** True where the mock has answered this job in place of a model. */
    async hasDegraded(job_id: string): Promise<boolean> {
      return (await read.get(selectDegraded, { job_id })) !== undefined;
    },
  }),
});

/** The module that keeps the calls of language models, as a type: `repo.llm` is its queries. */
export type LLMModule = typeof llmModule;

/** The command that keeps a call. */
export type LLMCommand = CommandOf<LLMModule>;

function callOf({ degraded, tries, skipped, ...row }: LLMTables["llm_calls"]): LLMCall {
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  // The row was made of a call: what is not in it was not in the call.
  return {
    ...known,
    degraded: degraded === 1,
    tries: JSON.parse(tries),
    skipped: JSON.parse(skipped),
  } as LLMCall;
}
