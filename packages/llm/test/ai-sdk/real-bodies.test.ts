import { createFakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import { toLLMError } from "../../src/ai-sdk/failures/to-llm-error.ts";
import { failureOf } from "../../src/contract/failure-kind.ts";
import { createMockLLM } from "../../src/mock/mock.ts";
import { openRouter, openServer } from "../support/services.ts";
import { anthropic } from "./real-bodies/anthropic.ts";
import { compatible } from "./real-bodies/compatible.ts";
import { google } from "./real-bodies/google.ts";
import { openai } from "./real-bodies/openai.ts";
import { ownClients } from "./real-bodies/own-clients.ts";
import type { RealFailure } from "./real-bodies/real-failure.ts";

/** For how long the next calls skip a candidate after one such failure, in seconds. */
function restOf({ kind, pauseMs }: RealFailure): number | undefined {
  if (kind === "misconfigured") return 300;
  if (kind === "rate_limited") return Math.ceil(Math.min(pauseMs ?? 30_000, 60_000) / 1_000);
  return undefined;
}

describe.each([
  ["OpenAI", openai],
  ["Anthropic", anthropic],
  ["Google", google],
  ["services that speak like OpenAI", compatible],
] as const)("%s", (_, failures) => {
  it.each(failures.map((failure) => [failure.status, failure.what, failure.kind, failure] as const))(
    "%s, %s: %s",
    async (status, _what, kind, failure) => {
      const server = await openServer();
      const { headers = {}, body, via, says } = failure;
      server.reply({ status, headers, body });
      const router = openRouter(server, {
        clock: createFakeClock(),
        profiles: { chain: [via, "spare"] },
        providers: { spare: createMockLLM({ script: ["Spare."] }) },
        policy: { retries: 0 },
      });
      const ended = await router.generateText({ profile: "chain", prompt: "Hello" }).then(
        ({ text, route }) => ({ text, code: undefined, route }),
        ({ code, route }) => ({ text: undefined, code, route }),
      );
      const [attempt] = ended.route?.attempts ?? [];
      expect(attempt).toMatchObject({ candidate: via, outcome: kind });
      expect(attempt?.retryAfterMs).toBe(failure.pauseMs);
      expect(attempt?.message).toContain(says ?? "");
      // A refused request ends the chain; everything else is the next candidate's turn.
      expect(ended.code ?? ended.text).toBe(kind === "rejected" ? "ATLAS_LLM_REJECTED" : "Spare.");
      const [planned] = router.explainRoute("chain").candidates;
      const rest = restOf(failure);
      expect(planned?.reason).toEqual(
        rest === undefined ? undefined : expect.stringContaining(`skipped for another ${rest} s`),
      );
    },
  );
});

describe("a stream", () => {
  const wholeOnly = 200;
  const all = [...openai, ...anthropic, ...google, ...compatible].filter(
    ({ status }) => status !== wholeOnly,
  );
  it.each(all.map((failure) => [failure.status, failure.what, failure.kind, failure] as const))(
    "%s, %s: %s",
    async (status, _what, kind, { headers = {}, body, via }) => {
      const server = await openServer();
      server.reply({ status, headers, body });
      const router = openRouter(server, {
        clock: createFakeClock(),
        policy: { retries: 0 },
      });
      await expect(router.streamText({ profile: via, prompt: "Hello" }).result).rejects.toMatchObject({
        route: { attempts: [{ outcome: kind }] },
      });
    },
  );
});

it.each(ownClients)("%s", (_, { thrown, kind, details = {} }) => {
  const error = toLLMError(thrown, { provider: "house", now: 0 });
  expect(failureOf(error).kind).toBe(kind);
  expect(error.details).toMatchObject(details);
});

it("an unknown model that the caller chose is the caller's mistake, whichever way the service says so", () => {
  const unknown = [
    { status: 404 },
    { status: 400, error: { type: "invalid_model", message: "Invalid model: nine" } },
    { status: 400, error: { code: "model_not_found", message: "No such model." } },
  ];
  for (const said of unknown) {
    const thrown = Object.assign(new Error("No."), said);
    const asked = { provider: "house", now: 0 };
    expect(toLLMError(thrown, asked).code).toBe("ATLAS_LLM_MISCONFIGURED");
    expect(toLLMError(thrown, { ...asked, isChosen: true }).code).toBe("ATLAS_LLM_REJECTED");
  }
});
