import { createFakeClock, type FakeFault, type FakeModelServer, type FakeReply } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import type { LLMError, LLMRouterOptions } from "../../src/index.ts";
import { canary, openRouter, openServer, services } from "../support/services.ts";

/** For what hangs: it would for ever. */
const hurried = { attemptMs: 150, deadlineMs: 10_000 };

type Mode = "whole" | "streamed";

/** Asks for an answer that does not come, with every log line caught. */
async function failing(
  server: FakeModelServer,
  profile: string,
  mode: Mode,
  options: Partial<LLMRouterOptions> = {},
): Promise<{ readonly error: LLMError; readonly outcomes: readonly string[]; readonly seen: string }> {
  const lines: unknown[] = [];
  const note = (fields: object, message: string): void => void lines.push([fields, message]);
  const log = { debug: note, info: note, warn: note, error: note };
  const router = openRouter(server, { log, ...options });
  const call = { profile, prompt: "Hello" };
  try {
    await (mode === "whole" ? router.generateText(call) : router.streamText(call).result);
  } catch (caught) {
    const error = caught as LLMError;
    const seen = [error.message, error.stack, JSON.stringify(error), JSON.stringify(lines)].join("\n");
    return { error, outcomes: error.route?.attempts.map(({ outcome }) => outcome) ?? [], seen };
  }
  throw new Error("It answered.");
}

const cases: readonly [FakeFault, { readonly [key in Mode]: string }][] = [
  ["hang", { whole: "timed_out", streamed: "timed_out" }],
  ["drip", { whole: "timed_out", streamed: "timed_out" }],
  ["reset", { whole: "unavailable ×3", streamed: "unavailable ×3" }],
  ["not_http", { whole: "unavailable ×3", streamed: "unavailable ×3" }],
  ["reset_mid_stream", { whole: "truncated", streamed: "truncated" }],
  ["short_body", { whole: "truncated", streamed: "truncated" }],
  ["no_end", { whole: "bad_response ×2", streamed: "truncated" }],
  ["html", { whole: "bad_response ×2", streamed: "bad_response ×2" }],
  ["empty", { whole: "bad_response ×2", streamed: "bad_response ×2" }],
  ["wrong_types", { whole: "bad_response ×2", streamed: "bad_response ×2" }],
  ["endless", { whole: "bad_response ×2", streamed: "bad_response ×2" }],
  ["redirect", { whole: "misconfigured", streamed: "misconfigured" }],
];

describe.each(services)("%s, by the real package", (profile) => {
  const modes: readonly Mode[] = ["whole", "streamed"];
  const table = cases.flatMap(([fault, expected]) =>
    modes.map((mode) => [fault, mode, expected[mode]] as const),
  );
  it.each(table)("%s, %s: %s", async (fault, mode, expected) => {
    const server = await openServer();
    server.reply({ fault });
    const { outcomes, seen } = await failing(server, profile, mode, {
      policy: expected === "timed_out" ? hurried : {},
    });
    expect(counted(outcomes)).toBe(expected);
    expect(seen).not.toContain(canary);
    expect(seen).not.toContain("169.254");
  });

  const statuses: readonly [number, string, string][] = [
    [400, "ATLAS_LLM_REJECTED", "rejected"],
    [413, "ATLAS_LLM_REJECTED", "rejected"],
    [422, "ATLAS_LLM_REJECTED", "rejected"],
    [401, "ATLAS_LLM_ALL_FAILED", "misconfigured"],
    [403, "ATLAS_LLM_ALL_FAILED", "misconfigured"],
    [404, "ATLAS_LLM_ALL_FAILED", "misconfigured"],
    [500, "ATLAS_LLM_ALL_FAILED", "unavailable ×3"],
    [502, "ATLAS_LLM_ALL_FAILED", "unavailable ×3"],
    [503, "ATLAS_LLM_ALL_FAILED", "unavailable ×3"],
    [504, "ATLAS_LLM_ALL_FAILED", "unavailable ×3"],
    [429, "ATLAS_LLM_ALL_FAILED", "rate_limited ×3"],
  ];
  it.each(statuses)("%s: %s, after %s", async (status, code, expected) => {
    const server = await openServer();
    server.reply({ status, message: `It says ${canary}.` });
    for (const mode of modes) {
      const { error, outcomes, seen } = await failing(server, profile, mode);
      expect([error.code, counted(outcomes)]).toEqual([code, expected]);
      expect(error.route?.attempts[0]).toMatchObject({ candidate: profile, status });
      expect(seen).not.toContain(canary);
      expect(seen).toContain("[redacted]");
    }
  });
});

describe("Retry-After", () => {
  const inAWhile = (ms: number) => new Date(Date.now() + ms).toUTCString();
  const table: readonly [string, FakeReply, number | undefined][] = [
    ["seconds", { status: 429, headers: { "retry-after": "0" } }, 0],
    ["milliseconds", { status: 429, headers: { "retry-after-ms": "20" } }, 20],
    ["a time that is over", { status: 429, headers: { "retry-after": inAWhile(-60_000) } }, 0],
    ["1e9", { status: 429, headers: { "retry-after": "1000000000" } }, 1e12],
    ["nothing", { status: 429 }, undefined],
    ["a negative number", { status: 429, headers: { "retry-after": "-5" } }, undefined],
    ["garbage", { status: 503, headers: { "retry-after": "soon" } }, undefined],
  ];
  it.each(table)("as %s", async (_, reply, expected) => {
    const server = await openServer();
    server.reply(reply);
    const { error } = await failing(server, "openai", "whole", { policy: { deadlineMs: 2_000 } });
    expect(error.route?.attempts[0]?.retryAfterMs).toBe(expected);
  });
});

describe("no address", () => {
  it.each(["http://127.0.0.1:1/v1", "http://nobody.invalid/v1"])("%s: unavailable", async (base_url) => {
    const server = await openServer();
    const { outcomes } = await failing(server, "lost", "whole", {
      config: { profiles: { lost: ["lost"] }, providers: { lost: { base_url, model: "m" } } },
    });
    expect(counted(outcomes)).toBe("unavailable ×3");
  });

  it("speaks TLS to whoever does not: unavailable", async () => {
    const server = await openServer();
    const base_url = server.urls.openai.replace("http:", "https:");
    const { outcomes } = await failing(server, "lost", "whole", {
      config: { profiles: { lost: ["lost"] }, providers: { lost: { base_url, model: "m" } } },
    });
    expect(counted(outcomes)).toBe("unavailable ×3");
  });
});

describe("a stream", () => {
  it("falls over while nothing has reached the caller", async () => {
    const server = await openServer();
    server.reply({ status: 401 }, "Ahoy there");
    const router = openRouter(server, { profiles: { both: ["openai", "compatible"] } });
    const { textStream, result } = router.streamText({ profile: "both", prompt: "Hello" });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces.join("")).toBe("Ahoy there");
    expect((await result).route?.attempts.map(({ candidate, outcome }) => [candidate, outcome])).toEqual([
      ["openai", "misconfigured"],
      ["compatible", "answered"],
    ]);
  });

  it("is never continued by another model: the error carries what had come", async () => {
    const server = await openServer();
    server.reply({ fault: "no_end" }, "Somebody else");
    const router = openRouter(server, { profiles: { both: ["openai", "compatible"] } });
    const { textStream, result } = router.streamText({ profile: "both", prompt: "Hello" });
    const pieces: string[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of textStream) pieces.push(piece);
    };
    await expect(read()).rejects.toMatchObject({ code: "ATLAS_LLM_TRUNCATED" });
    await expect(result).rejects.toMatchObject({ details: { text: "The fake" } });
    expect(pieces.join("")).toBe("The fake");
    expect(server.requests).toHaveLength(1);
  });

  it("that does not go on is ended after 30 s, with what had come", async () => {
    const server = await openServer();
    server.reply({ fault: "hang_mid_stream" });
    const clock = createFakeClock();
    const { textStream, result } = openRouter(server, { clock }).streamText({
      profile: "openai",
      prompt: "Hello",
    });
    const pieces = textStream[Symbol.asyncIterator]();
    await pieces.next();
    await pieces.next();
    clock.advance(29_000);
    clock.advance(31_000);
    await expect(result).rejects.toMatchObject({
      code: "ATLAS_LLM_TRUNCATED",
      details: { text: "The fake" },
      message: expect.stringContaining("within 30000 ms"),
    });
    expect(await server.requests[0]?.over).toBe("aborted");
    expect(clock.timers).toBe(0);
  });
});

describe("a caller who gives up", () => {
  it.each<Mode>(["whole", "streamed"])("ends the call at the service at once (%s)", async (mode) => {
    const server = await openServer();
    server.reply({ fault: mode === "whole" ? "hang" : "hang_mid_stream" });
    // Its clock stands still, so whatever waited for a time would never end.
    const router = openRouter(server, {
      clock: createFakeClock(),
      profiles: { both: ["openai", "compatible"] },
    });
    for (const number of [1, 2, 3]) {
      const caller = new AbortController();
      const call = { profile: "both", prompt: "Hello", signal: caller.signal };
      const answer = mode === "whole" ? router.generateText(call) : router.streamText(call).result;
      answer.catch(() => undefined);
      await expect.poll(() => server.requests.length).toBe(number);
      caller.abort(new Error("enough"));
      await expect(answer).rejects.toThrow("enough");
      expect(await server.requests[number - 1]?.over).toBe("aborted");
    }
    expect(server.requests).toHaveLength(3);
    expect(router.explainRoute("both").candidates.map(({ state }) => state)).toEqual([
      "ready",
      "ready",
      "skipped",
    ]);
  });

  it("by leaving the stream ends it too", async () => {
    const server = await openServer();
    server.reply({ fault: "hang_mid_stream" });
    const { textStream, result } = openRouter(server).streamText({ profile: "openai", prompt: "Hello" });
    for await (const _ of textStream) break;
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
    expect(await server.requests[0]?.over).toBe("aborted");
  });
});

it("sends ten million characters, and reads the refusal of whoever does not take them", async () => {
  const server = await openServer();
  server.reply("Long.", { status: 413, message: "Too long." });
  const router = openRouter(server);
  const prompt = "x".repeat(10_000_000);
  expect((await router.generateText({ profile: "openai", prompt })).text).toBe("Long.");
  await expect(router.generateText({ profile: "openai", prompt })).rejects.toMatchObject({
    code: "ATLAS_LLM_REJECTED",
    details: { status: 413 },
  });
});

/** `a ×2`, for a list that holds nothing but `a`. */
function counted(outcomes: readonly string[]): string {
  const [first = "nothing"] = outcomes;
  if (outcomes.some((outcome) => outcome !== first)) return outcomes.join(", ");
  return outcomes.length > 1 ? `${first} ×${outcomes.length}` : first;
}
