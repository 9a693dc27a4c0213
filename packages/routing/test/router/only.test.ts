import { expect, it } from "vitest";
import { createRouter } from "../../src/index.ts";

const router = () =>
  createRouter({
    config: { profiles: { fast: ["a", "b"] }, fallback: ["c"] },
    candidates: new Map(["a", "b", "c", "d"].map((id) => [id, { runtime: id }])),
    classify: () => ({ kind: "failed", message: "no" }),
  });

it("asks only the candidate that a call names, whatever its profile lists", async () => {
  const asked: string[] = [];
  const outcome = await router().route({ only: "d" }, async (id) => {
    asked.push(id);
    throw new Error("no");
  });
  expect(asked).toEqual(["d"]);
  expect(outcome).toMatchObject({
    status: "failed",
    why: "exhausted",
    route: { profile: "fast", skipped: [] },
  });
});

it("refuses a call that names an unknown candidate", async () => {
  await expect(router().route({ only: "e" }, async () => "")).rejects.toThrow(
    'The call\'s "only" names "e", but there is no such candidate.',
  );
});
