import { describe, expect, it } from "vitest";
import { type AttemptInfo, createRouter, type Profiles } from "../../src/index.ts";

const known: Readonly<Record<string, string>> = { deaf: "it does not hear" };
const unfit = (candidate: string): string | undefined => known[candidate];

function setUp(config: Profiles) {
  const seen: AttemptInfo[] = [];
  const router = createRouter({
    config,
    candidates: new Map(
      ["deaf", "first", "second"].map((id) => [
        id,
        {
          runtime: id,
          model: `${id}-text`,
          ...(id === "second" ? { unavailable: () => "it has no key" } : {}),
        },
      ]),
    ),
    classify: (error) => ({ kind: "rejected", rejectedFor: "context_window", message: String(error) }),
    around: (next, info) => {
      seen.push(info);
      return next;
    },
  });
  return { router, seen };
}

describe("a call that a candidate cannot answer", () => {
  it("skips it with the reason, and holds nothing against it", async () => {
    const { router } = setUp({ profiles: { all: ["deaf", "first"] } });
    const outcome = await router.route({ unfit }, async (name) => name);
    expect(outcome).toMatchObject({
      status: "answered",
      answer: "first",
      route: { skipped: [{ candidate: "deaf", reason: "it does not hear" }] },
    });
    expect(router.explainRoute(undefined, unfit).candidates).toMatchObject([
      { candidate: "deaf", state: "skipped", reason: "it does not hear" },
      { candidate: "first", state: "ready" },
    ]);
    expect(router.explainRoute().candidates).toMatchObject([{ state: "ready" }, { state: "ready" }]);
    expect(await router.route({}, async (name) => name)).toMatchObject({ answer: "deaf" });
  });

  it("ends at once where nobody can answer it, with what a candidate lacks for all calls first", async () => {
    const { router } = setUp({ profiles: { all: ["deaf", "second"] } });
    const outcome = await router.route({ unfit: () => "it does not hear" }, async (name) => name);
    expect(outcome).toMatchObject({
      status: "failed",
      why: "exhausted",
      route: {
        attempts: [],
        skipped: [
          { candidate: "deaf", reason: "it does not hear" },
          { candidate: "second", reason: "it has no key" },
        ],
      },
    });
  });

  it("does not reach it by a fallback for rejections, either", async () => {
    const { router, seen } = setUp({
      profiles: { all: { candidates: ["first"], context_window_fallback: ["deaf"] } },
    });
    const outcome = await router.route({ unfit }, () => Promise.reject(new Error("Too long.")));
    expect(outcome).toMatchObject({ status: "failed", why: "stopped" });
    expect(seen.map(({ candidate }) => candidate)).toEqual(["first"]);
  });

  it("goes past a check that throws as past a candidate that is missing", async () => {
    const { router } = setUp({ profiles: { all: ["deaf", "first"] } });
    const careless = (candidate: string): undefined => {
      if (candidate === "deaf") throw new Error("careless");
    };
    const outcome = await router.route({ unfit: careless }, async (name) => name);
    expect(outcome).toMatchObject({ answer: "first", route: { skipped: [{ candidate: "deaf" }] } });
  });
});

it("shows `around` the model that the call names for each candidate", async () => {
  const { router, seen } = setUp({ profiles: { all: ["first", "deaf"] } });
  await router.route({ model: (candidate) => `${candidate}-sound` }, async (name) => name);
  await router.route({ model: () => undefined }, async (name) => name);
  expect(seen).toEqual([{ candidate: "first", model: "first-sound" }, { candidate: "first" }]);
});
