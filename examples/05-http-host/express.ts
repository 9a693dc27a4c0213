import { createGateway, stopOnSignals } from "@atlas/gateway";
import { createHttp } from "@atlas/gateway/http";
import { getRequestListener } from "@hono/node-server";
import express from "express";

const gateway = await createGateway({
  database: process.env["ATLAS_DATABASE"] ?? "data/atlas.db",
  workflows: [
    { id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${String(input["name"])}!` }) },
  ],
});
await gateway.start();

const atlas = createHttp(gateway, { token: process.env["ATLAS_TOKEN"] });
const app = express();
app.get("/", (_request, response) => void response.send("A page of my own"));
// Before body parsers: Atlas reads and limits bodies itself. Express takes the mount path off.
app.use("/atlas", getRequestListener(atlas.fetch, { overrideGlobalObjects: false }));

const server = app.listen(Number(process.env["PORT"] ?? 4400), "127.0.0.1", () => {
  console.log("listening on", server.address());
});
stopOnSignals(gateway, {
  server: { stop: () => new Promise((resolve) => server.close(resolve)) },
});
