import { builtInModels } from "@atlas/routing";
import { builtInCandidates, serviceTypes } from "@atlas/routing/internal";
import { expect, it } from "vitest";
import { createLLMRouter } from "../../src/index.ts";

it("has a candidate for every name that a routing file accepts, and a name for every kind of service", () => {
  expect([...builtInCandidates.keys(), "mock"]).toEqual(builtInModels);
  const types = new Set([...builtInCandidates.values()].map(({ type }) => type));
  expect(serviceTypes.filter((type) => !types.has(type))).toEqual(["openai-compatible"]);
});

it("takes no property that every object has for a built-in name", () => {
  expect(builtInCandidates.get("constructor")).toBeUndefined();
  const config = { profiles: { a: ["constructor"] }, providers: { constructor: { model: "m" } } };
  expect(createLLMRouter({ config }).explainRoute().candidates[0]?.reason).toContain("base_url");
});

it.each([
  ["an address with a password", { base_url: "https://ada:canary-secret@models.example/v1", model: "m" }],
  ["an address with a key", { base_url: "https://models.example/v1?api_key=canary-secret", model: "m" }],
  [
    "a key in place of its variable",
    { base_url: "https://models.example/v1", api_key_env: "sk_canary_secret_1", model: "m" },
  ],
])(
  "never asks a candidate with %s, nor repeats it, where nobody has checked the configuration",
  (_, provider) => {
    const router = createLLMRouter({
      config: { profiles: { a: ["house"] }, providers: { house: provider } },
    });
    const [planned] = router.explainRoute().candidates;
    expect(planned).toMatchObject({
      state: "skipped",
      reason: expect.stringContaining("llm.providers.house."),
    });
    expect(planned?.reason).not.toContain("canary");
  },
);
