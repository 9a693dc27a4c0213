import { createGateway, type Gateway, type GatewayOptions } from "@atlas/gateway";

/**
 * A started gateway on a temporary database that is gone after `stop()`, with the mock model unless another is given.
 *
 * @example
 * ```ts
 * const sink = createRecordingSink();
 * const gateway = await createTestGateway({ sinks: [sink] });
 * await gateway.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
 * assert.equal((await sink.next("entity.upserted")).type, "entity.upserted");
 * await gateway.stop();
 * ```
 */
export async function createTestGateway(options: Omit<GatewayOptions, "database"> = {}): Promise<Gateway> {
  const gateway = await createGateway({ ...options, database: ":memory:" });
  await gateway.start();
  return gateway;
}
