import type { Random } from "../../../../test/support/random.ts";
import type { Committed, StoreCommand } from "../../src/index.ts";
import type { tally } from "./tally.ts";

/** A command of core, or of the module. Ids are always given, so that a model can foresee what it does. */
export type SentCommand = StoreCommand<typeof tally>;

/** A unit as a host sends it; `key` is its actor, and unlike every other. */
export interface SentUnit {
  readonly key: string;
  readonly command_id?: string;
  readonly commands: readonly SentCommand[];
}

/** What a host writes into its log, a line each, before and after. */
export type LogLine =
  | { readonly sent: SentUnit }
  | { readonly got: string; readonly receipts: readonly Committed[] }
  | { readonly failed: string; readonly code: string; readonly outcome?: string };

/** What of the store a random command may refer to. */
export interface Known {
  readonly storeId: string;
  readonly lastEventSeq: number;
  /** ISO time now, on the host's clock. */
  readonly now: (offsetMs: number) => string;
}

const HOUR_MS = 3_600_000;

/** A random command. Few names, so that commands meet each other's rows. */
export function randomCommand(random: Random, known: Known): SentCommand {
  const name = (count: number): string => `n${random.below(count)}`;
  const title = random.pick(["one", "two", "three"]);
  const kind = random.below(100);
  if (kind < 22) {
    return {
      type: "entity.upsert",
      entity: {
        id: name(40),
        type: random.pick(["note", "task"]),
        title,
        ...(random.chance(20) ? { data: { list: [random.below(3)] } } : {}),
        ...(random.chance(10) ? { updated_at: known.now(-random.below(HOUR_MS)) } : {}),
        ...(random.chance(15) ? { deleted_at: known.now(-random.below(HOUR_MS)) } : {}),
      },
    };
  }
  if (kind < 32) return { type: "event.insert", event: { id: name(2_000), type: "seen" } };
  if (kind < 34) return { type: "artifact.delete", id: name(65) };
  if (kind < 44) {
    const content_md = title.repeat(1 + random.below(800));
    return { type: "artifact.create", artifact: { id: name(60), type: "report", title, content_md } };
  }
  if (kind < 52) {
    const patch = random.chance(50) ? { title } : { data: { part: random.below(4) } };
    return { type: "artifact.update", id: name(65), patch };
  }
  if (kind < 60) {
    const job = { id: name(250), workflow_id: "w", priority: random.below(3) };
    const keyed = random.chance(50) ? { group_key: `key-${random.below(5)}` } : {};
    const later = random.chance(30) ? { run_at: known.now(random.below(HOUR_MS)) } : {};
    return { type: "job.create", job: { ...job, ...keyed, ...later } };
  }
  if (kind < 61)
    return { type: "job.markDue", workflow_id: "w", at: known.now(HOUR_MS), limit: 1 + random.below(50) };
  if (kind < 64) {
    const ids = new Set(Array.from({ length: 1 + random.below(3) }, () => name(250)));
    const jobs = [...ids].map((id) => ({ id, attempt: 1 + random.below(2) }));
    return { type: "job.updateStatusMany", status: random.pick(["running", "succeeded"]), jobs };
  }
  if (kind < 74) {
    const status = random.pick(["running", "running", "succeeded", "failed", "cancelled", "queued"]);
    return { type: "job.updateStatus", id: name(250), status };
  }
  if (kind < 80) return { type: "domainEvent.emit", event: { type: "greeted", aggregate_id: name(9) } };
  if (kind < 84 && known.lastEventSeq > 0) {
    const seq = 1 + random.below(known.lastEventSeq);
    const id = `evt_${known.storeId}_${seq}`;
    return { type: "domainEvent.markDelivered", id, through_seq: seq + random.below(200) };
  }
  if (kind < 85) {
    const before = known.now(-random.below(HOUR_MS));
    const field = random.pick([
      "domain_events_before",
      "jobs_before",
      "artifacts_before",
      "events_before",
      "deleted_entities_before",
    ]);
    return { type: "maintenance.prune", policy: { [field]: before } };
  }
  return random.chance(85)
    ? { type: "tally.add", id: name(12), by: 1 + random.below(9) }
    : { type: "tally.claim", id: name(400) };
}
