import { UnsupportedFunctionalityError } from "@ai-sdk/provider";
import { isLLMError, LLMError, type ProviderDetails } from "../../contract/errors.ts";
import { codeOf } from "../../contract/failure-kind.ts";
import { redactSecrets } from "../../redact.ts";
import { askedPause } from "./asked-pause.ts";
import type { ProviderFailureKind } from "./failure-rules.ts";
import { kindOfThrown } from "./kind-of-thrown.ts";
import { readThrown } from "./thrown.ts";

/** Whom a failed call asked, and what its error must not reveal. */
export interface Asked {
  readonly provider: string;
  readonly model?: string | undefined;
  /** Keys. They are removed from everything that the provider said. */
  readonly secrets?: readonly string[] | undefined;
  /** The caller chose the model, so a model that does not exist is the caller's mistake, not the configuration's. */
  readonly isChosen?: boolean | undefined;
  /** Wall-clock milliseconds, for a `Retry-After` that is a date. */
  readonly now: number;
  /** The text that had arrived before the failure. */
  readonly text?: string | undefined;
}

const LONGEST_MESSAGE = 300;

/** The `providerCode` of a request that uses a feature which a model, or its package, does not have. */
export const UNSUPPORTED = "unsupported-functionality";

/**
 * Turns what an AI SDK provider (or a client of a similar kind) threw into an `LLMError`. The original is not attached as
 * `cause`, because it holds the request with its headers and whatever the service echoed.
 */
export function toLLMError(error: unknown, asked: Asked): LLMError {
  if (isLLMError(error)) return error;
  const { provider, model, secrets, text = "" } = asked;
  const thrown = readThrown(error);
  const { status } = thrown;
  const isUnsupported = thrown.chain.some((one) => UnsupportedFunctionalityError.isInstance(one));
  const providerCode = isUnsupported ? UNSUPPORTED : thrown.providerCode;
  const said = shortened(redactSecrets(thrown.message, secrets));
  // Nothing of this reading is kept, so it reads the words that a redaction would hide.
  const thrownKind = kindOfThrown(thrown, asked.isChosen === true);
  const retryAfterMs = askedPause(thrown.headers, thrown.answer, {
    now: asked.now,
    isRateLimited: thrownKind === "rate_limited",
  });
  // A valid answer had begun, so the failure cut it off.
  const kind = thrownKind === "bad_response" && text !== "" ? "truncated" : thrownKind;
  const details: ProviderDetails = {
    provider,
    ...(model === undefined ? {} : { model }),
    ...(status === undefined ? {} : { status }),
    ...(providerCode === undefined ? {} : { providerCode: redactSecrets(providerCode, secrets) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const who = model === undefined ? `"${provider}"` : `"${provider}" (${model})`;
  const answered = status === undefined ? "" : ` [${status}]`;
  const message = `${who} ${verbs[kind]}${answered}: ${said}`;
  if (kind === "truncated") return new LLMError("ATLAS_LLM_TRUNCATED", { ...details, text }, message);
  return new LLMError(codeOf[kind], details, message);
}

function shortened(message: string): string {
  return message.replaceAll(/\s+/g, " ").trim().slice(0, LONGEST_MESSAGE);
}

const verbs: Readonly<Record<ProviderFailureKind, string>> = {
  rate_limited: "was asked too often",
  unavailable: "is not available",
  bad_response: "gave no valid answer",
  truncated: "broke off",
  timed_out: "did not answer in time",
  misconfigured: "refused its key, name or address",
  rejected: "rejected the request",
  failed: "failed",
};
