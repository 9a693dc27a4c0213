import { createServer } from "node:net";
import { type Finding, ok, problem } from "./finding.ts";

/** Whether the gateway could listen. */
export async function checkPort({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<Finding> {
  const place = `${host}:${port}`;
  const server = createServer();
  const listening = Promise.withResolvers<Finding>();
  server.once("error", ({ code }: NodeJS.ErrnoException) =>
    listening.resolve(
      problem(
        "http port",
        code === "EADDRINUSE" ? `${place} is taken by another program` : `${place} cannot be used (${code})`,
        "Choose another `http.port`, or run `atlas start --port=<number>`.",
      ),
    ),
  );
  server.listen(port, host, () => listening.resolve(ok("http port", `${place} is free`)));
  const finding = await listening.promise;
  await new Promise((resolve) => server.close(resolve));
  return finding;
}
