// A gateway behind HTTP, in a process of its own that gets killed. Prints its address once it is ready. Jobs of `order.v1` wait for an
// answer and return it; those of `plain.v1` return at once.
import { createGateway, defineWorkflow, silentLogger } from "@atlas/gateway";
import { serve } from "@atlas/gateway/http";

const [, , database = "", token = ""] = process.argv;
const gateway = await createGateway({
  database,
  log: silentLogger,
  workflows: [
    { id: "plain.v1", run: async (_, input) => ({ seen: String(input["key"]) }) },
    defineWorkflow({
      id: "order.v1",
      run: async (ctx) => ({ answer: await ctx.wait("answer") }),
    }),
  ],
});
await gateway.start();
const server = await serve(gateway, { port: 0, token, maxRequestsPer10s: Number.POSITIVE_INFINITY });
console.log(server.url);
