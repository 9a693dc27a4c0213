import { APICallError } from "@ai-sdk/provider";
import type { FailureKind } from "@atlas/routing";
import { verdictOfStatus } from "@atlas/routing/http-status";
import { isRefusedResponse } from "./refused-response.ts";
import { messageText, nameOf, type Thrown } from "./thrown.ts";

/** The kinds of failure that a provider can report. */
export type ProviderFailureKind = Exclude<FailureKind, "aborted">;

/** Decides what kind of failure a thrown value stands for. The most specific evidence wins. */
export function kindOfThrown(thrown: Thrown): ProviderFailureKind {
  const { chain, status, providerCode, message } = thrown;
  const refused = chain.find(isRefusedResponse);
  if (refused !== undefined) return refused.kind;
  if (hasName(/^TimeoutError$/)) return "timed_out";
  // The connection was lost after the answer had begun.
  const isLost = chain.some((one) => nameOf(one) === "TypeError" && /terminated/.test(messageText(one)));
  if (isLost) return "truncated";
  if (status !== undefined) return kindOfStatus(status, `${providerCode ?? ""} ${message}`);
  if (chain.some((one) => networkCode.test(String(Reflect.get(one, "code") ?? "")))) return "unavailable";
  if (chain.some((one) => APICallError.isInstance(one) && one.isRetryable)) return "unavailable";
  if (hasName(badAnswer)) return "bad_response";
  if (hasName(/^AI_(LoadAPIKey|LoadSetting|NoSuchModel)Error$/)) return "misconfigured";
  if (hasName(/^AI_(UnsupportedFunctionality|Invalid(Prompt|Argument))Error$/)) return "rejected";
  if (providerCode !== undefined && overloaded.test(providerCode)) return "unavailable";
  return "failed";

  function hasName(pattern: RegExp): boolean {
    return chain.some((one) => pattern.test(nameOf(one)));
  }
}

const networkCode =
  /^(E(CONNREFUSED|CONNRESET|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH)|UND_ERR_\w+|HPE_\w+|CERT_\w+|ERR_(TLS|SSL)_\w+|EPROTO|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const badAnswer =
  /^AI_(JSONParse|TypeValidation|EmptyResponseBody|InvalidResponseData|NoContentGenerated)Error$/;
const overloaded = /overloaded|unavailable|server_error|internal/i;
const noCredit = /insufficient_quota|billing|credit balance/i;

function kindOfStatus(status: number, said: string): ProviderFailureKind {
  const verdict = verdictOfStatus(status);
  switch (verdict) {
    case "rate_limited":
      // Some services use the same status for an empty account, and no wait fills that.
      return noCredit.test(said) ? "misconfigured" : "rate_limited";
    case "unavailable":
    // A question to a model changes nothing, so it can be repeated after a conflict.
    case "conflict":
      return "unavailable";
    case "wrong_credentials":
    // The address, or the name of the model in it.
    case "not_found":
      return "misconfigured";
    case "refused":
      return "rejected";
    case "ok":
    case "not_modified":
    case "redirected":
    case "unexpected":
      return "bad_response";
    default:
      return verdict satisfies never;
  }
}
