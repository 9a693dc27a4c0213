import { join } from "node:path";
import { openBullmq } from "./bullmq.ts";
import { openGraphileWorker } from "./graphile-worker.ts";
import type { JobLane } from "./lane.ts";
import { openOpenworkflow } from "./openworkflow.ts";
import { openPgBoss } from "./pg-boss.ts";
import { openPlainjob } from "./plainjob.ts";
import { startPostgresql } from "./postgresql.ts";
import { startRedis } from "./redis.ts";

/** Another queue. */
export interface Peer {
  readonly name: string;
  readonly durability: string;
  readonly lane: JobLane;
}

/** The other queues that can be had here, and their servers. What is not installed is skipped, with a line on stderr. */
export async function openPeers(folder: string): Promise<{
  readonly peers: readonly Peer[];
  close(): Promise<void>;
}> {
  const at = (name: string): string => join(folder, name);
  const peers: Peer[] = [
    {
      name: "plainjob FULL",
      durability: "FULL",
      lane: await openPlainjob(at("plainjob-full.db"), { durability: "FULL" }),
    },
    {
      name: "plainjob NORMAL",
      durability: "FULL, plainjob NORMAL",
      lane: await openPlainjob(at("plainjob-normal.db"), { durability: "NORMAL" }),
    },
    { name: "openworkflow FULL", durability: "FULL", lane: await openOpenworkflow(at("openworkflow.db")) },
  ];
  const closing: (() => Promise<void>)[] = peers.map(({ lane }) => lane.close);
  const add = (peer: Peer): void => {
    peers.push(peer);
    closing.unshift(peer.lane.close);
  };
  const close = async (): Promise<void> => {
    for (const end of closing) await end();
  };

  try {
    for (const appendfsync of ["always", "everysec"] as const) {
      const name = `BullMQ AOF ${appendfsync}`;
      const redis = await startRedis(at(`redis-${appendfsync}`), { appendfsync });
      if (redis === undefined) {
        skip(name, "redis-server");
        continue;
      }
      closing.unshift(redis.stop);
      const durability = appendfsync === "always" ? "FULL" : "FULL, redis everysec";
      add({ name, durability, lane: openBullmq(redis.port) });
    }
    const postgresql = await startPostgresql(at("postgresql"));
    if (postgresql === undefined) {
      skip("graphile-worker", "postgresql");
      skip("pg-boss", "postgresql");
    } else {
      closing.unshift(postgresql.stop);
      const url = `postgres://bench@127.0.0.1:${postgresql.port}/postgres`;
      const durability = "FULL, fsync";
      add({ name: "graphile-worker localQueue=500", durability, lane: await openGraphileWorker(url) });
      add({ name: "pg-boss notify", durability, lane: await openPgBoss(url) });
    }
    return { peers, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function skip(lane: string, packageName: string): void {
  console.error(
    `${lane} is skipped: the package "${packageName}" is not installed (npm run bench:servers installs it).`,
  );
}
