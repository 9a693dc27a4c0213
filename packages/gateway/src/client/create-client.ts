import type { Client } from "./client.ts";
import { type ClientOptions, checkClientOptions } from "./client-options.ts";
import { createFollowEvents } from "./follow-events.ts";
import { createFollowJob } from "./follow-job.ts";
import { type Operation, operations } from "./operations.ts";
import { readArguments } from "./request-options.ts";
import { createSender } from "./sender.ts";

/**
 * A client of a gateway's HTTP server, for Node and browsers. Each operation of the server is a method, with the types of the server: what
 * stands in the path comes first, then the query or the body, then options.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:", workflows: [{ id: "hello.v1", run: async () => "Hello!" }] });
 * await gateway.start();
 * const { token } = await gateway.tokens.create({ name: "example", scopes: ["jobs:*"] });
 * const http = createHttp(gateway);
 * const client = createClient({
 *   url: "http://localhost",
 *   token,
 *   fetch: (url, init) => http.fetch(new Request(url, init)),
 * });
 * const { id } = await client.jobs.create({ workflow_id: "hello.v1" });
 * assert.equal((await client.jobs.wait(id)).result, "Hello!");
 * await gateway.stop();
 * ```
 */
export function createClient(options: ClientOptions): Client {
  checkClientOptions(options);
  const sender = createSender(options);
  const streams: Readonly<Record<string, unknown>> = {
    "jobs.follow": createFollowJob(sender),
    "domainEvents.follow": createFollowEvents(sender),
  };
  const client: Record<string, unknown> = {};
  for (const [id, operation] of Object.entries<Operation>(operations)) {
    const call = async (...given: readonly unknown[]): Promise<unknown> =>
      sender.call(operation, readArguments(operation, given));
    const method = streams[id] ?? call;
    const [room = id, name] = id.split(".");
    if (name === undefined) client[room] = method;
    else client[room] = { ...(client[room] as object | undefined), [name]: method };
  }
  // One method for each operation, as the type says.
  return client as unknown as Client;
}
