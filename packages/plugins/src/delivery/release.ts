import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";

/** Failed deliveries that a sink has no further use for. */
export interface Released {
  readonly sink_id: string;
  /** At most 500. */
  readonly event_seqs: readonly number[];
  /** `settle`: taken after all, or of a sink that is gone. `dismiss`: given up; only dead letters are removed. */
  readonly as: "settle" | "dismiss";
  readonly actor: string;
}

/**
 * Removes failed deliveries and, in the same unit, marks those of their events that nobody else needs as delivered, so that prune may
 * remove them. Events after `noted` are marked with the others of their page. Run it one at a time: two sinks that release the same event
 * at once would each leave the mark to the other.
 */
export async function release(
  { sink_id, event_seqs, as, actor }: Released,
  options: {
    readonly repo: ReadOnlyRepo<PluginsModule>;
    readonly commands: CommandSink<Command | PluginsCommand>;
    readonly noted: number;
  },
): Promise<void> {
  const { repo, commands, noted } = options;
  const marks: Command[] = [];
  for (const seq of event_seqs) {
    if (seq > noted || (await repo.plugins.isEventHeldByOthers(seq, sink_id))) continue;
    marks.push(...(await markThrough(repo, seq, seq)));
  }
  const type = as === "settle" ? "plugins.sink.settle" : "plugins.sink.dismiss";
  await commands.enqueueAll([{ type, sink_id, event_seqs }, ...marks], { actor });
}

/** The command that marks a range of events as delivered; none when there is no event in it. */
export async function markThrough(
  repo: Pick<ReadOnlyRepo, "listDomainEvents">,
  from: number,
  through: number,
): Promise<readonly Command[]> {
  if (through < from) return [];
  const [first] = (await repo.listDomainEvents({ after: from - 1, limit: 1 })).items;
  if (first === undefined || first.seq > through) return [];
  return [{ type: "domainEvent.markDelivered", id: first.id, through_seq: through }];
}
