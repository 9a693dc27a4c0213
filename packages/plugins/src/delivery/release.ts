import type { Command, CommandSink, DomainEvent, ReadOnlyRepo } from "@atlas/core";
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

const EVENTS_AT_ONCE = 500;

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

/**
 * The commands that mark a range of events as delivered; none when there is no event in it. One command is enough, unless the database
 * was restored within the range: an id marks no events of a later store.
 */
export async function markThrough(
  repo: Pick<ReadOnlyRepo, "listDomainEvents">,
  from: number,
  through: number,
): Promise<readonly Command[]> {
  if (through < from) return [];
  const [first] = (await repo.listDomainEvents({ after: from - 1, limit: 1 })).items;
  if (first === undefined || first.seq > through) return [];
  const [last] = (await repo.listDomainEvents({ after: through - 1, limit: 1 })).items;
  if (last !== undefined && storeOf(last.id) === storeOf(first.id)) return [markRange(first, through)];
  return markEachStore(repo, first, through);
}

/** Reads the whole range, which is needed once after a restore, and at the very end of a pruned log. */
async function markEachStore(
  repo: Pick<ReadOnlyRepo, "listDomainEvents">,
  start: DomainEvent,
  through: number,
): Promise<readonly Command[]> {
  const marks: Command[] = [];
  let first = start;
  let last = start;
  for (let after = start.seq; after < through; ) {
    const { items } = await repo.listDomainEvents({ after, limit: EVENTS_AT_ONCE });
    for (const event of items) {
      if (event.seq > through) break;
      if (storeOf(event.id) !== storeOf(first.id)) {
        marks.push(markRange(first, last.seq));
        first = event;
      }
      last = event;
    }
    after = items.at(-1)?.seq ?? through;
  }
  return [...marks, markRange(first, last.seq)];
}

function markRange({ id }: DomainEvent, through_seq: number): Command {
  return { type: "domainEvent.markDelivered", id, through_seq };
}

/** The part of an event's id that stands for its store: `evt_<store id>_<seq>`. */
function storeOf(id: string): string {
  return id.slice(0, id.lastIndexOf("_"));
}
