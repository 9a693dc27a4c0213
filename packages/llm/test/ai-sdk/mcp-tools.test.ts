import { createMCPClient, type JSONRPCMessage, type MCPTransport } from "@ai-sdk/mcp";
import { generateText, isStepCount } from "ai";
import { expect, it, onTestFinished } from "vitest";
import { openRouter, openServer } from "../support/services.ts";

/** A server of the Model Context Protocol with one tool, in this process. It notes what the tool was called with. */
function createWeatherServer(): { readonly transport: MCPTransport; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const results: Readonly<Record<string, (params: unknown) => object>> = {
    initialize: (params) => ({
      protocolVersion: (params as { protocolVersion: string }).protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "weather", version: "1" },
    }),
    "tools/list": () => ({
      tools: [
        {
          name: "weather",
          description: "Tells the weather.",
          inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        },
      ],
    }),
    "tools/call": (params) => {
      asked.push((params as { arguments: unknown }).arguments);
      return { content: [{ type: "text", text: "The sky is blue." }] };
    },
  };
  const transport: MCPTransport = {
    start: async () => undefined,
    close: async () => transport.onclose?.(),
    async send(message) {
      if (!("method" in message) || !("id" in message)) return;
      const result = results[message.method]?.(message.params) ?? {};
      const answer: JSONRPCMessage = { jsonrpc: "2.0", id: message.id, result: { ...result } };
      transport.onmessage?.(answer);
    },
  };
  return { transport, asked };
}

it("calls the tools of an MCP server, after a fail-over, in several steps", async () => {
  const server = await openServer();
  const router = openRouter(server, {
    profiles: { chain: ["nobody", "down", "openai"] },
    policy: { retries: 0 },
  });
  const { transport, asked } = createWeatherServer();
  const mcp = await createMCPClient({ transport });
  onTestFinished(() => mcp.close());
  server.reply({ text: "", toolCalls: [{ name: "weather", input: { city: "Brno" } }] }, "It is blue.");
  const { text, steps, providerMetadata } = await generateText({
    model: router.model("chain"),
    tools: await mcp.tools(),
    prompt: "How is the weather?",
    stopWhen: isStepCount(3),
  });
  expect([text, asked, steps.length]).toEqual(["It is blue.", [{ city: "Brno" }], 2]);
  expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "openai" });
  const [first, second] = server.requests.slice(-2).map(({ body }) => JSON.stringify(body));
  expect(first).toContain("Tells the weather.");
  expect(second).toContain("The sky is blue.");
});
