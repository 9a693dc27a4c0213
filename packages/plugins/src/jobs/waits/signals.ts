import {
  type Command,
  type CommandSink,
  canonicalJson,
  isCoreError,
  type JsonValue,
  type ReadOnlyRepo,
} from "@atlas/core";
import { z } from "zod";
import { isPluginError, PluginError } from "../../contract/errors.ts";
import { isJobOver, type JobWait, type SignalResult } from "../../contract/wait.ts";
import type { PluginsCommand, PluginsModule } from "../../module/plugins-module.ts";
import { checkWaitName } from "./wait-name.ts";
import { type Answer, wakeCommands } from "./wake.ts";

/** Who signals, and how a repeated signal is recognised. */
export interface SignalOptions {
  /** The same id gives the same result again. Default: none; a second signal is then another answer. */
  readonly signal_id?: string;
  /** Who answers. The workflow sees it. Default: `host`. */
  readonly by?: string;
}

const MAX_VALUE_BYTES = 64 * 1024;
// Each round lost means that somebody else moved the job or the wait.
const ROUNDS = 10;

/**
 * Sends an answer to a job. A parked job is woken in the same unit; a job that runs finds the answer when it waits, or when it has been
 * parked. The first answer to a name stays.
 */
export function createSignal(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
}): (jobId: string, name: string, value: JsonValue, given?: SignalOptions) => Promise<SignalResult> {
  const { repo, commands } = options;

  return async (jobId, name, given, { signal_id, by = "host" } = {}) => {
    checkWaitName("jobs.signal", name);
    const value = checkValue(jobId, name, given);
    const answer: Answer = {
      kind: "signal",
      name,
      value,
      by,
      ...(signal_id === undefined ? {} : { signal_id }),
    };
    for (let round = 1; ; round += 1) {
      const job = await repo.getJob(jobId);
      if (job === undefined) throw notFound(jobId);
      const wait = await find(jobId, name);
      if (wait?.answer !== undefined) {
        if (signal_id === undefined || wait.answer.signal_id !== signal_id) return "already_received";
        return resultOf(wait);
      }
      if (isJobOver(job) || wait?.closed_at !== undefined) return "closed";
      checkAgainst(jobId, name, value, wait);
      const isParked = wait?.attempt === job.attempt && job.status === "queued";
      try {
        if (isParked) {
          await commands.enqueueAll(wakeCommands(job, answer), { actor: by });
          return "delivered";
        }
        await commands.enqueue({ type: "plugins.wait.answer", job_id: jobId, ...answer }, { actor: by });
        await wakeIfParked(jobId, name);
        return resultOf(await find(jobId, name));
      } catch (error) {
        const isLost =
          isCoreError(error, "ATLAS_CORE_JOB_CONFLICT") || isRefusal(error, "ATLAS_PLUGINS_NOT_WAITING");
        if (!isLost || round === ROUNDS) throw error;
      }
    }
  };

  async function find(jobId: string, name: string): Promise<JobWait | undefined> {
    const waits = await repo.plugins.listWaits(jobId);
    return waits.find((wait) => wait.kind === "signal" && wait.name === name);
  }

  /** The job was parked between the look at it and the commit of the answer. */
  async function wakeIfParked(jobId: string, name: string): Promise<void> {
    const job = await repo.getJob(jobId);
    const wait = await find(jobId, name);
    if (job?.status !== "queued" || wait?.attempt !== job.attempt) return;
    try {
      await commands.enqueueAll(wakeCommands(job), { actor: "runner" });
    } catch (error) {
      // The runner has seen the answer too, and was first.
      if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT") && !isRefusal(error, "ATLAS_PLUGINS_NOT_WAITING"))
        throw error;
    }
  }
}

function resultOf(wait: JobWait | undefined): SignalResult {
  return wait?.opened_at === undefined ? "buffered" : "delivered";
}

/** A refusal by a command of this module comes with the module's own code. */
function isRefusal(error: unknown, code: "ATLAS_PLUGINS_NOT_WAITING"): boolean {
  return isPluginError(error, code) || (error instanceof Error && "code" in error && error.code === code);
}

function checkValue(id: string, name: string, value: unknown): JsonValue {
  if (value === undefined) {
    throw new TypeError(
      `jobs.signal("${id}", "${name}", …) needs a value. Pass null when there is nothing to say.`,
    );
  }
  const text = canonicalJson(value);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= MAX_VALUE_BYTES) return JSON.parse(text) as JsonValue;
  throw new TypeError(
    `jobs.signal("${id}", "${name}", …): the value has ${sizeBytes} bytes of JSON; at most ${MAX_VALUE_BYTES} are allowed. Store it in an artifact and send its id.`,
  );
}

function checkAgainst(id: string, name: string, value: JsonValue, wait: JobWait | undefined): void {
  if (wait?.schema === undefined) return;
  // It was stored as the JSON Schema that a schema gave.
  const parsed = z.fromJSONSchema(wait.schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw answerInvalid({ id, name, path: issue?.path.join(".") ?? "", message: issue?.message ?? "" });
}

/** An answer that its wait does not take. */
export function answerInvalid(of: {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly message: string;
}): PluginError {
  const { id, name, path, message } = of;
  return new PluginError(
    "ATLAS_PLUGINS_ANSWER_INVALID",
    { id, name, path },
    `The answer to "${name}" of the job "${id}" is invalid${path === "" ? "" : ` at "${path}"`}: ${message}. jobs.listWaits("${id}") shows the schema.`,
  );
}

function notFound(id: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_JOB_NOT_FOUND",
    { id },
    `There is no job "${id}". Check the id; the job may have been pruned.`,
  );
}
