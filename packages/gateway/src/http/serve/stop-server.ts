import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@atlas/core";

/** The `stop` of a server that does not listen yet. */
export function createStop(parts: {
  readonly server: Server;
  readonly stopping: AbortController;
  readonly graceMs: number;
  readonly clock: Clock;
}): () => Promise<void> {
  const { server, stopping, graceMs, clock } = parts;
  // Node does not count a connection as idle that has never sent a request, and would wait for it.
  const answering = new Map<Socket, number>();
  let stopped: Promise<void> | undefined;

  server.on("connection", (socket) => {
    answering.set(socket, 0);
    socket.once("close", () => answering.delete(socket));
  });
  server.on("request", ({ socket }, outgoing) => {
    count(socket, 1);
    outgoing.once("close", () => {
      count(socket, -1);
      if (stopped !== undefined) closeUnused();
    });
  });

  return () => {
    stopped ??= end();
    return stopped;
  };

  function count(socket: Socket, change: 1 | -1): void {
    const before = answering.get(socket);
    if (before !== undefined) answering.set(socket, before + change);
  }

  function closeUnused(): void {
    // What was written is still sent.
    for (const [socket, requests] of answering) if (requests === 0) socket.destroySoon();
  }

  async function end(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Streams end; they would last for ever.
    stopping.abort(new Error("The server stops."));
    closeUnused();
    const cancel = clock.after(graceMs, () => server.closeAllConnections());
    await closed;
    cancel();
  }
}
