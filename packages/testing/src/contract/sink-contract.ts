import type { Command, CommandSink } from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import { createGateway } from "@atlas/gateway";
import type { SinkPlugin } from "@atlas/plugins";
import { describe, expect, it } from "vitest";

/** A place that a sink carries results to, made for one test. */
export interface SinkWorld {
  /** A new sink each time, as after a restart. */
  sink(): SinkPlugin;
  /** Sends commands whose events the sink does something with. The same each time, with ids of their own. */
  bring(commands: CommandSink<Command>): Promise<void>;
  /** What a receiver sees of the place: it must be the same however often an event came. */
  state(): unknown;
  /** Takes the place down. */
  close?(): void | Promise<void>;
}

/** The sink that is to be tested. */
export interface SinkContractOptions {
  readonly name: string;
  open(): SinkWorld | Promise<SinkWorld>;
}

const TIMEOUT_MS = 60_000;

/**
 * Declares the tests that every sink should pass, for vitest: an event that comes twice, because its acknowledgement was
 * lost, leaves the same state as one that comes once, also in a sink that was started anew meanwhile.
 */
export function sinkContract(options: SinkContractOptions): void {
  checkOptions("sinkContract", options, ["name", "open"]);
  const { name, open } = options;
  describe(`the sink contract: ${name}`, () => {
    it("leaves the same state when every event comes twice", { timeout: TIMEOUT_MS }, async () => {
      const once = await stateAfter((sink) => sink());
      const twice = await stateAfter((sink) => losingAcknowledgements(sink));
      expect(once, "the sink does something").not.toEqual(await stateAfter(() => idle));
      expect(twice).toEqual(once);
    });
  });

  async function stateAfter(pick: (sink: () => SinkPlugin) => SinkPlugin): Promise<unknown> {
    const world = await open();
    try {
      const gateway = await createGateway({ database: ":memory:", sinks: [pick(() => world.sink())] });
      try {
        await gateway.start();
        await world.bring(gateway.commands);
      } finally {
        await gateway.stop();
      }
      return structuredClone(await world.state());
    } finally {
      await world.close?.();
    }
  }
}

/** Does nothing with anything. */
const idle: SinkPlugin = { id: "idle", handle: async () => undefined };

/** Each event is handled by one sink, the answer gets lost, and another one is given the same event. */
function losingAcknowledgements(create: () => SinkPlugin): SinkPlugin {
  const { id, on } = create();
  return {
    id,
    ...(on === undefined ? {} : { on }),
    async handle(event, ctx) {
      await create().handle(event, ctx);
      await create().handle(event, { ...ctx, attempt: ctx.attempt + 1 });
    },
  };
}
