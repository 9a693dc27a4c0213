import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { makeBackup, prune, verify } from "../contract/maintenance.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Backups, pruning and verifying, over HTTP. */
export const maintenanceRoutes: readonly HttpRoute[] = [
  handleRoute(makeBackup, ({ gateway: { backups } }) => {
    if (backups === undefined)
      throw new ProblemError(
        "ATLAS_HTTP_CONFLICT",
        "This gateway has no folder for backups. Its host sets one: createGateway({ backups: { folder } }).",
      );
    return backups.make();
  }),
  handleRoute(prune, ({ gateway, body }) => gateway.store.prune(body)),
  handleRoute(verify, ({ gateway }) => gateway.store.verify()),
];
