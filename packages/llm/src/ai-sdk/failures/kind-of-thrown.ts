import { APICallError } from "@ai-sdk/provider";
import { verdictOfStatus } from "@atlas/routing/http-status";
import { failureRules, type ProviderFailureKind, type RuledKind, statusRules } from "./failure-rules.ts";
import { isRefusedResponse } from "./refused-response.ts";
import { messageText, nameOf, type Thrown } from "./thrown.ts";

const LONGEST_TEXT = 2_000;

/**
 * Decides what kind of failure a thrown value stands for. The most specific evidence wins. `isChosen` says that the caller
 * named the model, so a model that does not exist is the caller's mistake.
 */
export function kindOfThrown(thrown: Thrown, isChosen: boolean): ProviderFailureKind {
  const kind = ruledKindOf(thrown);
  if (kind !== "unknown_model") return kind;
  return isChosen ? "rejected" : "misconfigured";
}

function ruledKindOf(thrown: Thrown): RuledKind {
  const { chain, status } = thrown;
  const refused = chain.find(isRefusedResponse);
  if (refused !== undefined) return refused.kind;
  if (hasName(/^TimeoutError$/)) return "timed_out";
  // The connection was lost after the answer had begun.
  const isLost = chain.some((one) => nameOf(one) === "TypeError" && /terminated/.test(messageText(one)));
  if (isLost) return "truncated";
  const ruled = ruleFor(thrown);
  if (ruled !== undefined) return ruled;
  if (status !== undefined) return statusRules.get(status) ?? kindOfStatus(status);
  if (chain.some((one) => networkCode.test(String(Reflect.get(one, "code") ?? "")))) return "unavailable";
  if (chain.some((one) => APICallError.isInstance(one) && one.isRetryable)) return "unavailable";
  // OpenAI accepted the request and failed later, in a way that no rule knows.
  if (thrown.answer.hasFailedLater) return "unavailable";
  if (hasName(badAnswer)) return "bad_response";
  if (hasName(/^AI_(LoadAPIKey|LoadSetting|NoSuchModel)Error$/)) return "misconfigured";
  if (hasName(/^AI_(UnsupportedFunctionality|Invalid(Prompt|Argument))Error$/)) return "rejected";
  return "failed";

  function hasName(pattern: RegExp): boolean {
    return chain.some((one) => pattern.test(nameOf(one)));
  }
}

const networkCode =
  /^(E(CONNREFUSED|CONNRESET|CONNABORTED|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH)|UND_ERR_\w+|HPE_\w+|CERT_\w+|ERR_(TLS|SSL|NETWORK)\w*|EPROTO|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const badAnswer =
  /^AI_(JSONParse|TypeValidation|EmptyResponseBody|InvalidResponseData|NoContentGenerated)Error$/;

function ruleFor({ status: given, answer, message }: Thrown): RuledKind | undefined {
  const status = given ?? "none";
  const said = [message, ...answer.messages].join("\n").slice(0, LONGEST_TEXT);
  return failureRules.find(
    (rule) =>
      (rule.status?.includes(status) ?? true) &&
      (answer.codes.some((code) => rule.code?.test(code)) || rule.text?.test(said)),
  )?.kind;
}

function kindOfStatus(status: number): RuledKind {
  const verdict = verdictOfStatus(status);
  switch (verdict) {
    case "rate_limited":
      return "rate_limited";
    case "unavailable":
    case "conflict":
      return "unavailable";
    case "wrong_credentials":
      return "misconfigured";
    // The address, or the name of the model in it.
    case "not_found":
      return "unknown_model";
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
