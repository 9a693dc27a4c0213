import type { Command, CommandSink, Job, JsonValue, ReadOnlyRepo } from "@atlas/core";
import type { JobWait, WaitKind } from "../../contract/wait.ts";
import type { PluginsCommand, PluginsModule } from "../../module/plugins-module.ts";
import type { OpenWait } from "./park.ts";

/** What is stored about the waits of one job. */
export interface WaitNotes {
  /** The stored waits with these names. */
  read(kind: WaitKind, names: readonly string[]): Promise<readonly JobWait[]>;
  /** A wait to be stored when the job is parked. */
  open(kind: WaitKind, name: string, more: Partial<OpenWait>): OpenWait;
  /** Stores an answer that the attempt has found itself. An earlier one stays: read again. */
  answer(kind: WaitKind, name: string, value: JsonValue): Promise<void>;
  /** Closes waits whose time is up: all of them, or none when one was answered meanwhile. Read again. */
  expire(kind: WaitKind, names: readonly string[]): Promise<void>;
}

/** The notes of one attempt. */
export function createWaitNotes(options: {
  readonly job: Pick<Job, "id" | "attempt">;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  /** Throws when the attempt is over. */
  readonly refuse: () => void;
}): WaitNotes {
  const { job, repo, commands, refuse } = options;

  return {
    async read(kind, names) {
      const waits = await repo.plugins.listWaits(job.id);
      return waits.filter((wait) => wait.kind === kind && names.includes(wait.name));
    },
    open: (kind, name, more) => ({ ...more, job_id: job.id, attempt: job.attempt, kind, name }),
    answer: (kind, name, value) =>
      unlessLost({ type: "plugins.wait.answer", job_id: job.id, kind, name, value, by: "runner" }),
    expire: (kind, names) =>
      unlessLost(
        ...names.map((name) => ({ type: "plugins.wait.expire", job_id: job.id, kind, name }) as const),
      ),
  };

  /** Somebody else may have been first. What counts is what is read next. */
  async function unlessLost(...unit: readonly PluginsCommand[]): Promise<void> {
    try {
      await commands.enqueueAll(unit, { actor: "runner" });
    } catch (error) {
      refuse();
      if (!(error instanceof Error && "code" in error && error.code === "ATLAS_PLUGINS_NOT_WAITING"))
        throw error;
    }
  }
}
