import { createMockLLM } from "@atlas/llm/mock";
import { expect, it } from "vitest";
import { createDelivery, createJobRunner, createPluginRegistry, createSourceRunner } from "../src/runtime.ts";
import { acknowledgingSink, nineCommands, source } from "./seed/commands.ts";
import { myWorkflow } from "./seed/my-workflow.ts";
import { openStore } from "./support/open-store.ts";

it("runs the design document's workflow as it stands there", async () => {
  const { store, commands, repo, host } = await openStore();
  const registry = createPluginRegistry();
  registry.registerWorkflow(myWorkflow);
  const asked: string[] = [];
  const harness = {
    runTask: async ({ goal }: { readonly goal: string }) => {
      asked.push(goal);
      return { mode: "propose" as const, summary: "", outputs: [{ type: "diff" as const, diff: "" }] };
    },
  };
  const runner = createJobRunner({
    host,
    repo,
    commands,
    registry,
    llm: createMockLLM(),
    harness,
  });
  store.onCommitted(runner.wake);
  await runner.start();
  await commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: myWorkflow.id } });
  await new Promise<void>((resolve) => {
    store.onCommitted(({ events }) => {
      if (events.some(({ type }) => type === "job.succeeded")) resolve();
    });
  });
  await runner.stop(0);

  const { items } = await repo.findArtifacts({ job_id: "j1" });
  expect(items).toMatchObject([
    { id: "j1:artifact:1", type: "my-workflow.output.v1", data: { schema_version: "1" } },
  ]);
  expect(items[0]?.content_md).toContain("mock");
  expect(asked).toEqual(["Add error handling to main.ts"]);
});

it("takes all nine commands, and a source and a sink that await nothing", async () => {
  const { commands, repo, host } = await openStore();
  await commands.enqueue({ type: "domainEvent.emit", event: { type: "first" } });
  const [first] = (await repo.listDomainEvents()).items;
  const receipts = await Promise.all(
    nineCommands(first?.id ?? "").map((command) => commands.enqueue(command)),
  );
  expect(receipts.map(({ changed }) => changed)).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);

  const registry = createPluginRegistry();
  registry.registerSource(source);
  await createSourceRunner({ host, repo, commands, registry }).sync("notes");
  expect(await repo.getEntity("e2")).toMatchObject({ type: "note" });

  const delivery = createDelivery({ host, repo, commands, sinks: [acknowledgingSink] });
  await delivery.start();
  await commands.enqueue({ type: "domainEvent.emit", event: { type: "second" } });
  await delivery.stop(1_000);
  const delivered = (await repo.listDomainEvents()).items.filter(
    ({ delivered_at }) => delivered_at !== undefined,
  );
  expect(delivered.map(({ type }) => type)).toContain("second");
});
