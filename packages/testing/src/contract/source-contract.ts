import { checkOptions } from "@atlas/core/internal";
import { createGateway, silentLogger } from "@atlas/gateway";
import type { SourceContext } from "@atlas/plugins";
import { describe, expect, it } from "vitest";
import { interruptSource, type SourceMoment } from "../interrupt-source.ts";
import { killedSync } from "./killed-sync.ts";
import { inWorld, type SourceWorld, type Stage } from "./stage.ts";

/** The source that is to be tested. */
export interface SourceContractOptions {
  readonly name: string;
  open(): SourceWorld | Promise<SourceWorld>;
  /**
   * URL of a module that exports `createSource(place)`, so that the source can be run in a process of its own and killed.
   * Without it, only failures within one process are tried.
   */
  readonly module?: string;
}

// A source with more moments is struck at as many of them, spread over all. A killed process costs a second or two.
const MAX_FAILURES = 30;
const MAX_KILLS = 5;
const TIMEOUT_MS = 300_000;

/**
 * Declares the tests that every source should pass, for vitest. The source is run on a real gateway and struck before and
 * after everything that it sends: by a throw and, given a `module`, by SIGKILL. Each time it is started again, and must end
 * with the same data as a source that nobody disturbed: no gap, nothing twice, and no cursor ahead of its data. Once more for each moment,
 * the world changes before the source is started again: then it must know all of the world as it is now, and nothing that never was.
 */
export function sourceContract(options: SourceContractOptions): void {
  checkOptions("sourceContract", options, ["name", "open", "module"]);
  const { name, open, module } = options;
  describe(`the source contract: ${name}`, () => {
    it(
      "brings what is there, then what has changed, and writes nothing when nothing has",
      { timeout: TIMEOUT_MS },
      () =>
        inWorld(open, async ({ world, sync, verify, writtenBy }) => {
          await verify();
          expect(await writtenBy(sync), "a second sync of the same world").toEqual([]);
          await world.change();
          expect(await writtenBy(sync), "a sync of a changed world").not.toEqual([]);
          await verify();
          expect(await writtenBy(sync), "a second sync of the changed world").toEqual([]);
        }),
    );

    it("leaves no gap and doubles nothing, wherever it fails", { timeout: TIMEOUT_MS }, () =>
      atMoments(MAX_FAILURES, throwAt),
    );

    it(
      "leaves no gap and doubles nothing when the world changes before it is started again",
      { timeout: TIMEOUT_MS },
      () =>
        atEachMoment(MAX_FAILURES, async (at, stage) => {
          await stage.syncUndisturbed();
          expect(await throwAt(at, stage), `the first sync comes to moment ${at}`).toBe(true);
          await stage.world.change();
          await stage.verifyAfterChange();
        }),
    );

    it.skipIf(module === undefined)(
      "leaves no gap and doubles nothing, wherever it is killed",
      { timeout: TIMEOUT_MS },
      () =>
        atMoments(MAX_KILLS, (at, { database, world: { place = "" } }) =>
          killedSync({ module: module ?? "", place, database, at }),
        ),
    );

    it("ends when it is told to, and completes its work later", { timeout: TIMEOUT_MS }, () =>
      inWorld(open, async ({ world, database, verify }) => {
        const source = world.source();
        let stopped: Promise<void> | undefined;
        let ended = false;
        // The answer to the first thing that it sends comes when it has been asked to end.
        const hold = async <Result>(ctx: SourceContext, send: () => Promise<Result>): Promise<Result> => {
          // A source that awaited nothing yet has not even returned to its runner.
          await Promise.resolve();
          stopped ??= gateway.stop();
          await aborted(ctx.signal);
          return send();
        };
        const gateway = await createGateway({
          database,
          log: silentLogger,
          graceMs: 5_000,
          sources: [
            {
              id: source.id,
              async sync(ctx) {
                const { commands } = ctx;
                await source
                  .sync({
                    ...ctx,
                    commands: {
                      enqueue: (command, envelope) => hold(ctx, () => commands.enqueue(command, envelope)),
                      enqueueAll: (list, envelope) => hold(ctx, () => commands.enqueueAll(list, envelope)),
                      attempt: (command, envelope) => hold(ctx, () => commands.attempt(command, envelope)),
                      attemptAll: (list, envelope) => hold(ctx, () => commands.attemptAll(list, envelope)),
                    },
                    checkpoint: (cursor, together) => hold(ctx, () => ctx.checkpoint(cursor, together)),
                  })
                  .finally(() => {
                    ended = true;
                  });
              },
            },
          ],
        });
        await gateway.sync(source.id).catch(() => undefined);
        await (stopped ?? gateway.stop());
        expect(ended, "the sync has ended when the gateway has stopped").toBe(true);
        await verify();
      }),
    );
  });

  /** Syncs with a source that throws at a moment. Resolves with whether it came so far. */
  async function throwAt(at: number, { sync, world }: Stage): Promise<boolean> {
    let struck = false;
    const strike = ({ number }: SourceMoment): void => {
      if (number !== at) return;
      struck = true;
      throw new Error(`Struck at moment ${at}.`);
    };
    await sync(interruptSource(world.source(), strike)).catch((error: unknown) => {
      if (!struck) throw error;
    });
    return struck;
  }

  function atMoments(atMost: number, strike: (at: number, stage: Stage) => Promise<boolean>): Promise<void> {
    return atEachMoment(atMost, async (at, stage) => {
      expect(await strike(at, stage), `the first sync comes to moment ${at}`).toBe(true);
      await stage.verify();
      // The sync of a change may be shorter; what it comes to is struck as well.
      await stage.world.change();
      await strike(at, stage);
      await stage.verify();
    });
  }

  async function atEachMoment(
    atMost: number,
    act: (at: number, stage: Stage) => Promise<void>,
  ): Promise<void> {
    let moments = 0;
    await inWorld(open, ({ world, sync }) =>
      sync(
        interruptSource(world.source(), () => {
          moments += 1;
        }),
      ),
    );
    // An odd step comes by both: moments before something is sent, and moments after.
    const step = Math.ceil(moments / atMost) | 1;
    for (let at = 1; at <= moments; at += step) await inWorld(open, (stage) => act(at, stage));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
