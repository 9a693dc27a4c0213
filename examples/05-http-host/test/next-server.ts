import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { GET, POST } from "../next-route.ts";

// Hands requests to the route handlers as Next does, and ends as Next does.
const listener = getRequestListener((request) => (request.method === "POST" ? POST(request) : GET(request)));
const server = createServer((request, response) => {
  if (request.url === "/") response.end("A page of my own");
  else void listener(request, response);
});
server.listen(0, "127.0.0.1", () => console.log("listening on", server.address()));
process.once("SIGTERM", () => server.close());
