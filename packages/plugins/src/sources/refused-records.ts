import { createHash } from "node:crypto";
import type { AnyCommand, Command, CommandSink, Committed, Refusal } from "@atlas/core";
import type { TrackedCommands } from "../calling/tracked-commands.ts";
import type { PluginCommands } from "../contract/context.ts";
import { PluginError } from "../contract/errors.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";

/** The commands of one sync of a source that may have some of its records refused. */
export interface RefusedRecords {
  /** Commands whose refusal is kept as a refused record, up to the source's limit. */
  readonly commands: PluginCommands<Command>;
  /** How many were refused so far. */
  readonly count: number;
}

/** The longest kept text of a refused record, in characters. */
const LONGEST_RECORD = 16_384;
const LONGEST_MESSAGE = 2_000;
const NOTHING: Committed = { seq: 0, changed: false };

/**
 * Lets a sync go on although some of its commands are refused. Each of them is kept as a row, and its promise resolves as for a command
 * that changed nothing. One more than `maxRefused` fails the sync.
 */
export function keepRefusedRecords(
  tracked: TrackedCommands<Command | PluginsCommand>,
  options: {
    readonly source: string;
    readonly maxRefused: number;
    /** Where the rows go; not counted among the commands of the source. */
    readonly store: CommandSink<PluginsCommand>;
  },
): RefusedRecords {
  const { source, maxRefused, store } = options;
  let count = 0;
  // A source that tolerates nothing sends its commands as they are.
  if (maxRefused === 0) return { commands: tracked.commands, count };

  return {
    get count() {
      return count;
    },
    commands: {
      enqueue: (command, envelope) =>
        tracked.track(async () => {
          const answer = await tracked.commands.attempt(command, envelope);
          if (!("refuse" in answer)) return answer;
          await keep([command], answer);
          return NOTHING;
        }),
      enqueueAll: (commands, envelope) =>
        tracked.track(async () => {
          const answer = await tracked.commands.attemptAll(commands, envelope);
          if (!("refuse" in answer)) return answer;
          await keep(commands, answer);
          return commands.map(() => NOTHING);
        }),
      attempt: tracked.commands.attempt,
      attemptAll: tracked.commands.attemptAll,
    },
  };

  async function keep(commands: readonly AnyCommand[], refusal: Refusal): Promise<void> {
    count += 1;
    if (count > maxRefused) throw tooMany(source, maxRefused, refusal);
    const { record, external_id } = described(commands);
    await store.enqueue(
      {
        type: "plugins.source.refuse",
        source_id: source,
        record_key: createHash("sha256")
          .update(`${commands[0]?.type}\n${external_id ?? record}`)
          .digest("base64url"),
        record,
        code: refusal.refuse,
        message: refusal.message.slice(0, LONGEST_MESSAGE).toWellFormed(),
        ...(external_id === undefined ? {} : { external_id }),
      },
      { actor: `source:${source}` },
    );
  }
}

/** What is kept of refused commands: they may not be JSON, and that may be why they were refused. */
function described(commands: readonly AnyCommand[]): {
  readonly record: string;
  readonly external_id?: string;
} {
  try {
    const text = JSON.stringify(commands.length === 1 ? commands[0] : commands, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
    const external_id = externalIdOf(commands[0]);
    return {
      record: (text ?? "").slice(0, LONGEST_RECORD).toWellFormed(),
      ...(external_id === undefined ? {} : { external_id }),
    };
  } catch (error) {
    return { record: `(cannot be shown: ${error instanceof Error ? error.message : typeof error})` };
  }
}

function externalIdOf(command: AnyCommand | undefined): string | undefined {
  for (const value of Object.values(command ?? {})) {
    if (typeof value !== "object" || value === null || !("external_id" in value)) continue;
    const { external_id } = value;
    if (typeof external_id === "string" && external_id !== "")
      return external_id.slice(0, 255).toWellFormed();
  }
  return undefined;
}

function tooMany(source: string, limit: number, refusal: Refusal): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_TOO_MANY_REFUSED",
    { source, limit, code: refusal.refuse },
    `More than ${limit} commands of this sync of the source "${source}" were refused, the last one with ${refusal.refuse}: ${refusal.message} Look at repo.plugins.listRefusedRecords(), correct the source, or raise its maxRefused.`,
  );
}
