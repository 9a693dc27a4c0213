import { type Command, type CommandSink, silentLogger } from "@atlas/core";
import { expect, it } from "vitest";
import { recoverOrphans } from "../../src/jobs/recover-orphans.ts";
import type { PluginsCommand } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";

it("leaves a job cancelled that the host cancels while orphans are recovered, and goes on with the others", async () => {
  const { commands, repo } = await openStore();
  for (const id of ["j1", "j2"]) {
    await commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1" } });
    await commands.enqueue({ type: "job.updateStatus", id, status: "running" });
  }
  const cancelling: CommandSink<Command | PluginsCommand> = {
    ...commands,
    async enqueueAll(unit, envelope) {
      if (unit.some((command) => command.type === "job.updateStatus" && command.id === "j1"))
        await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
      return commands.enqueueAll(unit, envelope);
    },
  };
  await recoverOrphans({
    repo,
    commands: cancelling,
    log: silentLogger,
    decide: () => ({ status: "queued", run_at: "2026-01-01T00:00:00.000Z" }),
    suspect: () => undefined,
  });
  expect(await repo.getJob("j1")).toMatchObject({ status: "cancelled" });
  expect(await repo.getJob("j2")).toMatchObject({ status: "queued" });
});
