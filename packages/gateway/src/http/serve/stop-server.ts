import type { Server } from "node:http";
import type { Clock } from "@atlas/core";

/** The `stop` of a server. */
export function createStop(parts: {
  readonly server: Server;
  readonly stopping: AbortController;
  readonly graceMs: number;
  readonly clock: Clock;
}): () => Promise<void> {
  const { server, stopping, graceMs, clock } = parts;
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= end();
    return stopped;
  };

  async function end(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Streams end; they would last for ever.
    stopping.abort(new Error("The server stops."));
    server.closeIdleConnections();
    const cancel = clock.after(graceMs, () => server.closeAllConnections());
    await closed;
    cancel();
  }
}
