import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGateway, type Gateway, silentLogger } from "@atlas/gateway";
import type { SourcePlugin } from "@atlas/plugins";
import { expect } from "vitest";
import { knownExternalIds, recordsOf, snapshotOf, surplus } from "./snapshot.ts";

/** A piece of the outside world with something in it, made for one test, and a source of it. */
export interface SourceWorld {
  /** A new source each time, as after a restart; always with the same id. */
  source(): SourcePlugin;
  /** Changes the world: something new, something other, something gone. It is called once. */
  change(): void | Promise<void>;
  /** The external ids of what must be known of the world as it is now, as entities or as events. */
  expected(): readonly string[] | Promise<readonly string[]>;
  /** What `createSource` of the contract's `module` needs in order to find this world: a path, an address. */
  readonly place?: string;
  /** Takes the world down. */
  close?(): void | Promise<void>;
}

/** What a test works with. */
export interface Stage {
  readonly world: SourceWorld;
  readonly database: string;
  /** Starts a gateway, syncs once, and stops it. */
  readonly sync: (source?: SourcePlugin) => Promise<void>;
  /** Syncs the source that nobody disturbs. */
  readonly syncUndisturbed: () => Promise<Gateway>;
  /** Syncs, and compares what is known with the world and with what an undisturbed source brings. */
  readonly verify: () => Promise<void>;
  /** The same for a source that was struck before the world changed, and so need not have seen all of it. */
  readonly verifyAfterChange: () => Promise<void>;
  /** The commands that some work wrote for sources. */
  readonly writtenBy: (work: () => Promise<void>) => Promise<readonly string[]>;
}

/** A world, a database for the source that is struck, and a gateway for a source that nobody disturbs. */
export async function inWorld(
  open: () => SourceWorld | Promise<SourceWorld>,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "contract-"));
  const world = await open();
  const database = join(folder, "struck.db");
  // It is never restarted, so it needs no file: most of a contract's time goes into opening and closing them.
  let undisturbed: Gateway | undefined;
  const syncUndisturbed = async (): Promise<Gateway> => {
    undisturbed ??= await createGateway({
      database: ":memory:",
      sources: [world.source()],
      log: silentLogger,
    });
    await undisturbed.sync();
    return undisturbed;
  };
  /** Syncs the struck source, checks that it knows the world, and reads what it has. */
  const resume = async (read: (repo: Gateway["repo"]) => Promise<readonly string[]>) => {
    const [found, known] = await using(database, world.source(), async ({ sync, repo }, { id }) => {
      await sync(id);
      return [await read(repo), await knownExternalIds(repo)] as const;
    });
    const wanted = await world.expected();
    expect(
      wanted.filter((id) => !known.has(id)),
      "external ids that are missing",
    ).toEqual([]);
    return found;
  };
  const sync = async (source = world.source()): Promise<void> => {
    await using(database, source, (gateway, { id }) => gateway.sync(id));
  };
  try {
    await act({
      world,
      database,
      sync,
      syncUndisturbed,
      async verify() {
        const found = await resume(snapshotOf);
        const { repo } = await syncUndisturbed();
        expect(found, "what an undisturbed source brings").toEqual(await snapshotOf(repo));
      },
      async verifyAfterChange() {
        const found = await resume(recordsOf);
        // It may have seen any part of the world before the change: what one source brings that saw both, or one that saw only the new.
        const sawBoth = await recordsOf((await syncUndisturbed()).repo);
        const sawNew = await using(":memory:", world.source(), async ({ sync, repo }, { id }) => {
          await sync(id);
          return recordsOf(repo);
        });
        expect(
          surplus(found, [...sawBoth, ...surplus(sawNew, sawBoth)]),
          "records that an undisturbed source never brings",
        ).toEqual([]);
      },
      writtenBy: async (work) => {
        const before = await using(database, undefined, journalOf);
        await work();
        return (await using(database, undefined, journalOf)).slice(before.length);
      },
    });
  } finally {
    await undisturbed?.stop();
    await world.close?.();
    await rm(folder, { recursive: true, force: true });
  }
}

async function using<Source extends SourcePlugin | undefined, Result>(
  database: string,
  source: Source,
  work: (gateway: Gateway, source: Source) => Promise<Result>,
): Promise<Result> {
  const gateway = await createGateway({
    database,
    log: silentLogger,
    ...(source === undefined ? {} : { sources: [source] }),
  });
  try {
    return await work(gateway, source);
  } finally {
    await gateway.stop();
  }
}

/** What sources have sent, and their cursors; not the runners' notes on when and how often. */
async function journalOf({ repo }: Gateway): Promise<readonly string[]> {
  const types: string[] = [];
  let after = 0;
  for (;;) {
    const { items } = await repo.listJournal({ after, limit: 1_000 });
    for (const { actor, type } of items) {
      const isNote = type.startsWith("plugins.") && type !== "plugins.source.checkpoint";
      if (actor.startsWith("source:") && !isNote) types.push(type);
    }
    after = items.at(-1)?.seq ?? after;
    if (items.length < 1_000) return types;
  }
}
