import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isoTime } from "@atlas/core";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { makeBackup, prune, verify } from "../contract/maintenance.ts";
import { ProblemError } from "../problem/problem-error.ts";
import type { RouteHost } from "./route-host.ts";

/** Backups, pruning and verifying, over HTTP. */
export function maintenanceRoutes({ backups, clock }: RouteHost): readonly HttpRoute[] {
  return [
    handleRoute(makeBackup, async ({ gateway, log }) => {
      if (backups === undefined)
        throw new ProblemError(
          "ATLAS_HTTP_CONFLICT",
          "This server has no folder for backups. Its host sets one: createHttp(gateway, { backups: { folder } }).",
        );
      const name = backupName(clock.now());
      const path = join(backups.folder, name);
      const { made_at, last_seq, digest } = await gateway.store.backup(path);
      log.info({ name }, "A backup was made.");
      const { size } = await stat(path);
      return { name, size_bytes: size, made_at, last_seq, digest };
    }),
    handleRoute(prune, ({ gateway, body }) => gateway.store.prune(body)),
    handleRoute(verify, ({ gateway }) => gateway.store.verify()),
  ];
}

/** Sortable by time, and never the same twice. */
function backupName(now: number): string {
  const time = isoTime(now).replaceAll(/[:.]/g, "-");
  return `atlas-${time}-${randomBytes(3).toString("hex")}.db`;
}
