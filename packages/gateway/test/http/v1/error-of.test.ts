import { LLMError } from "@atlas/llm";
import type { Attempt, Route } from "@atlas/routing";
import { expect, it } from "vitest";
import { openAIErrorOf } from "../../../src/http/v1/error-of.ts";
import { errorResponse } from "../../../src/http/v1/openai-error.ts";

type Tried = Pick<Attempt, "outcome"> & Partial<Attempt>;

function route(attempts: readonly Tried[]): Route {
  return {
    profile: "house",
    attempts: attempts.map((one) => ({ candidate: "a", waitedMs: 0, durationMs: 0, ...one })),
    skipped: [],
    durationMs: 0,
  } as unknown as Route;
}

function allFailed(...attempts: readonly Tried[]) {
  const error = new LLMError("ATLAS_LLM_ALL_FAILED", { profile: "house" }, "No model answered.", {
    route: route(attempts),
  });
  return openAIErrorOf(error);
}

it.each<[string, readonly Tried[], number]>([
  ["nobody could be asked", [], 503],
  ["all are rate limited", [{ outcome: "rate_limited" }, { outcome: "rate_limited" }], 429],
  ["one is rate limited and one down", [{ outcome: "rate_limited" }, { outcome: "unavailable" }], 503],
  ["the last one took too long", [{ outcome: "unavailable" }, { outcome: "timed_out" }], 504],
  ["the deadline ended the last one", [{ outcome: "aborted" }], 504],
  ["all refuse the gateway's key", [{ outcome: "misconfigured" }], 502],
  ["all say that it is too long", [{ outcome: "rejected", rejectedFor: "context_window" }], 400],
  [
    "one is down and one says that it is too long",
    [{ outcome: "unavailable" }, { outcome: "rejected", rejectedFor: "context_window" }],
    503,
  ],
])("where %s, %j becomes %i", (_, attempts, status) => {
  expect(allFailed(...attempts)?.status).toBe(status);
});

it("asks for the shortest of the pauses that services asked for, in whole seconds", () => {
  const limited = allFailed(
    { outcome: "rate_limited", retryAfterMs: 90_000 },
    { outcome: "rate_limited", retryAfterMs: 1_500 },
  );
  expect(limited && errorResponse(limited).headers.get("retry-after")).toBe("2");
  const silent = allFailed({ outcome: "rate_limited" });
  expect(silent && errorResponse(silent).headers.get("retry-after")).toBe("1");
  const forever = allFailed({ outcome: "rate_limited", retryAfterMs: Number.POSITIVE_INFINITY });
  expect(forever && errorResponse(forever).headers.get("retry-after")).toBe("1");
  const key = allFailed({ outcome: "misconfigured", retryAfterMs: 5_000 });
  expect(key && errorResponse(key).headers.has("retry-after")).toBe(false);
});

it.each([
  ["ATLAS_LLM_RATE_LIMITED", 429, "rate_limit_exceeded"],
  ["ATLAS_LLM_UNAVAILABLE", 503, "ATLAS_LLM_UNAVAILABLE"],
  ["ATLAS_LLM_TIMED_OUT", 504, "ATLAS_LLM_TIMED_OUT"],
  ["ATLAS_LLM_MISCONFIGURED", 502, "ATLAS_LLM_MISCONFIGURED"],
  ["ATLAS_LLM_REJECTED", 400, "ATLAS_LLM_REJECTED"],
] as const)("%s becomes %i %s", (code, status, told) => {
  const error = openAIErrorOf(new LLMError(code, { provider: "a" }, "No."));
  expect([error?.status, error?.body.code]).toEqual([status, told]);
});

it("says nothing of an error that may hold anything", () => {
  expect(openAIErrorOf(new Error("secret"))).toBeUndefined();
  expect(openAIErrorOf(new TypeError("secret"))).toBeUndefined();
});
