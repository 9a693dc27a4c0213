import { expect, it } from "vitest";
import {
  applyHarnessMiddleware,
  type HarnessMiddleware,
  type HarnessRuntime,
  type HarnessTask,
} from "../src/index.ts";

/** An agent that asks before it deletes, and reports what it used. */
function createAgent(): HarnessRuntime & { readonly tasks: readonly HarnessTask[] } {
  const tasks: HarnessTask[] = [];
  return {
    tasks,
    async runTask(task) {
      tasks.push(task);
      const refused = await task.onCommand?.({ argv: ["rm", "-rf", "/"], cwd: "/tmp" });
      return {
        mode: task.mode ?? "propose",
        summary: refused?.message ?? "deleted everything",
        outputs: [],
        provider: "agent",
        usage: { inputTokens: 3 },
        cost: { amountMicrousd: 40 },
        route: { profile: "fast", candidate: "agent", attempts: [], skipped: [], durationMs: 1 },
      };
    },
  };
}

it("sees a task in the order of the list, the first outermost, and the result in the opposite order", async () => {
  const notes: string[] = [];
  const noting =
    (name: string): HarnessMiddleware =>
    (next) => ({
      async runTask(task) {
        notes.push(`${name} asks`);
        const result = await next.runTask(task);
        notes.push(`${name} has the result of ${result.route?.candidate} for ${result.cost?.amountMicrousd}`);
        return result;
      },
    });
  const harness = applyHarnessMiddleware(createAgent(), [noting("guard"), noting("cost")]);
  await harness.runTask({ goal: "tidy up", cwd: "." });
  expect(notes).toEqual([
    "guard asks",
    "cost asks",
    "cost has the result of agent for 40",
    "guard has the result of agent for 40",
  ]);
});

it("changes nothing without middleware", () => {
  const agent = createAgent();
  expect(applyHarnessMiddleware(agent, [])).toBe(agent);
});

it("lets a middleware forbid a command, and passes the context on", async () => {
  const guard: HarnessMiddleware = (next) => ({
    runTask: (task) =>
      next.runTask({
        ...task,
        onCommand: ({ argv }) =>
          argv[0] === "rm" ? { refuse: "GUARD_DESTRUCTIVE", message: "rm is forbidden" } : undefined,
      }),
  });
  const agent = createAgent();
  const context = { correlation_id: "request-7" };
  const { summary } = await applyHarnessMiddleware(agent, [guard]).runTask({
    goal: "tidy",
    cwd: ".",
    context,
  });
  expect(summary).toBe("rm is forbidden");
  expect(agent.tasks[0]?.context).toBe(context);
});
