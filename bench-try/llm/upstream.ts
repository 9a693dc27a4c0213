// Run as a process of its own: a model service on loopback that answers every request at once with the same completion.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_795_000_000,
  model: "bench-1",
  choices: [
    {
      index: 0,
      finish_reason: "stop",
      message: { role: "assistant", content: "A short answer of some words." },
    },
  ],
  usage: { prompt_tokens: 200, completion_tokens: 40, total_tokens: 240 },
});

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "application/json" }).end(completion);
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
