import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../../../test/support/checkout.ts";

/** A gateway in a process of its own that speaks OpenAI's interface. */
export interface GatewayProcess extends AsyncDisposable {
  /** The base address, as agents take it. */
  readonly url: string;
  readonly token: string;
}

/** Starts a gateway that asks the service at `baseUrl` for each of the models. */
export async function startGatewayProcess(
  baseUrl: string,
  models: readonly string[],
): Promise<GatewayProcess> {
  const program = join(root, "packages/gateway/test/fixtures/openai-host.ts");
  const child = spawn(process.execPath, ["--conditions=@atlas/source", program, baseUrl, ...models], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, "line"),
    ended.then(([code]) => {
      throw new Error(`The gateway ended with ${String(code)} before it listened: see above.`);
    }),
  ])) as [string];
  const { url, token } = JSON.parse(line) as { readonly url: string; readonly token: string };
  return {
    url,
    token,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
