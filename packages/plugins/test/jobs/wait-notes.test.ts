import { expect, it } from "vitest";
import { createWaitNotes } from "../../src/jobs/waits/wait-notes.ts";
import { openStore } from "../support/open-store.ts";

async function waitingFor(names: readonly string[], refuse: () => void = () => undefined) {
  const { repo, commands, store } = await openStore({});
  await commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
  for (const name of names)
    await commands.enqueue({ type: "plugins.wait.open", job_id: "j1", attempt: 1, kind: "signal", name });
  const notes = createWaitNotes({ job: { id: "j1", attempt: 1 }, repo, commands, refuse });
  const answer = (name: string) =>
    commands.enqueue({
      type: "plugins.wait.answer",
      job_id: "j1",
      kind: "signal",
      name,
      value: 1,
      by: "ada",
    });
  return { notes, answer, store };
}

it("closes none of several waits when one of them was answered meanwhile, and does not fail", async () => {
  const { notes, answer } = await waitingFor(["a", "b"]);
  await answer("a");
  await notes.expire("signal", ["b", "a"]);
  const waits = await notes.read("signal", ["a", "b"]);
  expect(waits.map(({ name, closed_at }) => [name, closed_at])).toEqual([
    ["a", undefined],
    ["b", undefined],
  ]);
  await notes.expire("signal", ["b"]);
  expect((await notes.read("signal", ["b"]))[0]?.closed_at).toBeDefined();
});

it("leaves an earlier answer, and does not fail", async () => {
  const { notes, answer } = await waitingFor(["a"]);
  await answer("a");
  await notes.answer("signal", "a", 2);
  expect((await notes.read("signal", ["a"]))[0]?.answer).toMatchObject({ value: 1, by: "ada" });
});

it("passes on what else goes wrong, or that the attempt is over", async () => {
  const { notes, store } = await waitingFor(["a"]);
  await store.stop();
  await expect(notes.expire("signal", ["a"])).rejects.toMatchObject({ code: "ATLAS_CORE_STOPPED" });
  const over = await waitingFor(["a"], () => {
    throw new Error("over");
  });
  await over.answer("a");
  await expect(over.notes.answer("signal", "a", 2)).rejects.toThrow("over");
});
