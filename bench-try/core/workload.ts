import type { Command } from "@atlas/core";

/** The command that the core bench sends. */
export type EntityUpsert = Extract<Command, { readonly type: "entity.upsert" }>;

/** A stream of upserts. */
export interface Workload {
  /** The next `count` commands. Those of ids that are there already pick among the newest `among` of them (default: 1,000). */
  take(count: number, among?: number): EntityUpsert[];
}

const RECENT = 1_000;
const TYPES = ["author", "commit", "file", "note"] as const;
const FIRST_MILLISECOND = 1_795_000_000_000;
const IDS_PER_MILLISECOND = 20;

/**
 * Upserts as a source sends them: about half are of ids that are there already, picked among the newest; the others are of new, ascending UUIDv7 ids. `data` is about 150 bytes and never twice the same. Every workload is the same
 * stream, so that each contestant writes the same rows.
 */
export function createWorkload(): Workload {
  const random = createRandom();
  const ids: string[] = [];
  let sent = 0;

  return { take: (count, among = RECENT) => Array.from({ length: count }, () => next(among)) };

  function next(among: number): EntityUpsert {
    const number = random() < 0.5 && sent > 0 ? pickAmong(among) : ids.push(newId(ids.length)) - 1;
    sent += 1;
    return {
      type: "entity.upsert",
      entity: {
        id: ids[number] as string,
        type: TYPES[number % TYPES.length] as string,
        title: `Change ${number} of the river gauge`,
        data: {
          message: "Read the level every ten minutes, and keep the raw value",
          revision: sent,
          author: "ada@example.com",
          files: ["src/gauge.ts"],
          draft: false,
        },
      },
    };
  }

  function pickAmong(newest: number): number {
    return ids.length - 1 - Math.floor(random() * Math.min(newest, ids.length));
  }

  function newId(number: number): string {
    const time = (FIRST_MILLISECOND + Math.floor(number / IDS_PER_MILLISECOND))
      .toString(16)
      .padStart(12, "0");
    const sequence = (number % IDS_PER_MILLISECOND).toString(16).padStart(3, "0");
    const tail = `${hex8(random())}${hex8(random())}`;
    return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-8${tail.slice(0, 3)}-${tail.slice(3, 15)}`;
  }
}

/** Numbers from 0 to 1 that are the same in every run (Park and Miller's generator). */
function createRandom(): () => number {
  let state = 20_261_121;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function hex8(fraction: number): string {
  return Math.floor(fraction * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
