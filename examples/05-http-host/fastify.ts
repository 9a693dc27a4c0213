import { createGateway, stopOnSignals } from "@atlas/gateway";
import { createHttp } from "@atlas/gateway/http";
import { getRequestListener } from "@hono/node-server";
import { fastify } from "fastify";

const gateway = await createGateway({
  database: process.env["ATLAS_DATABASE"] ?? "data/atlas.db",
  workflows: [
    { id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${String(input["name"])}!` }) },
  ],
});
await gateway.start();

const atlas = createHttp(gateway, { token: process.env["ATLAS_TOKEN"], basePath: "/atlas" });
const listener = getRequestListener(atlas.fetch, { overrideGlobalObjects: false });
const app = fastify();
app.get("/", () => "A page of my own");
await app.register(async (scope) => {
  // Atlas reads and limits bodies itself.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
  scope.all("/atlas/*", (request, reply) => {
    reply.hijack();
    void listener(request.raw, reply.raw);
  });
});

await app.listen({ port: Number(process.env["PORT"] ?? 4400), host: "127.0.0.1" });
console.log("listening on", app.server.address());
stopOnSignals(gateway, { server: { stop: () => app.close() } });
