import { APICallError } from "@ai-sdk/provider";
import type { FailureKind } from "@atlas/routing";
import { parseRetryAfter } from "@atlas/routing/http-status";
import { isLLMError, LLMError, type ProviderDetails } from "../contract/errors.ts";
import { codeOf } from "../contract/failure-kind.ts";
import { isRefusedResponse } from "../providers/guarded-fetch.ts";
import { redact } from "../redact.ts";

/** Who was asked, and what must never be told. */
export interface Asked {
  readonly provider: string;
  readonly model?: string | undefined;
  /** Keys; they are taken out of everything that the provider said. */
  readonly secrets?: readonly string[] | undefined;
  /** The caller asked for this model, so it is not the configuration that is wrong when there is none. */
  readonly isChosen?: boolean | undefined;
  /** Wall-clock milliseconds, for a `Retry-After` that is a date. */
  readonly now: number;
  /** The text that had come before it failed. */
  readonly text?: string | undefined;
}

const LONGEST_MESSAGE = 300;

/**
 * What an AI SDK provider, or a client of a similar kind, threw, as an error of ours. The original is not attached: it
 * holds the request with its headers, and whatever the service echoed.
 */
export function toLLMError(error: unknown, asked: Asked): LLMError {
  if (isLLMError(error)) return error;
  const { provider, model, secrets, text } = asked;
  const found = chainOf(error);
  const status = found.map(statusOf).find((value) => value !== undefined);
  const headers = found.map(headersOf).find((value) => value !== undefined);
  const providerCode = found.map(providerCodeOf).find((value) => value !== undefined);
  const retryAfterMs = headers === undefined ? undefined : retryAfterOf(headers, asked.now);
  const details: ProviderDetails = {
    provider,
    ...(model === undefined ? {} : { model }),
    ...(status === undefined ? {} : { status }),
    ...(providerCode === undefined ? {} : { providerCode: redact(providerCode, secrets) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const said = redact(messageOf(found), secrets).replaceAll(/\s+/g, " ").trim().slice(0, LONGEST_MESSAGE);
  const first =
    status === 404 && asked.isChosen === true ? "rejected" : kindOf(found, { status, providerCode, said });
  // What is no answer any more after it has begun as one was cut off.
  const kind = first === "bad_response" && text !== undefined && text !== "" ? "truncated" : first;
  const who = model === undefined ? `"${provider}"` : `"${provider}" (${model})`;
  const answered = status === undefined ? "" : ` [${status}]`;
  const message = `${who} ${verbs[kind]}${answered}: ${said}`;
  if (kind === "truncated") {
    return new LLMError("ATLAS_LLM_TRUNCATED", { ...details, text: text ?? "" }, message);
  }
  return new LLMError(codeOf[kind], details, message);
}

type Kind = Exclude<FailureKind, "aborted">;

const verbs: Readonly<Record<Kind, string>> = {
  rate_limited: "was asked too often",
  unavailable: "is not available",
  bad_response: "gave no valid answer",
  truncated: "broke off",
  timed_out: "did not answer in time",
  misconfigured: "refused its key, name or address",
  rejected: "rejected the request",
  failed: "failed",
};

function kindOf(
  found: readonly object[],
  {
    status,
    providerCode,
    said,
  }: { status: number | undefined; providerCode: string | undefined; said: string },
): Kind {
  const refused = found.find(isRefusedResponse);
  if (refused !== undefined) return refused.kind;
  if (found.some((one) => nameOf(one) === "TimeoutError")) return "timed_out";
  // The answer had begun when the connection was lost.
  const isLost = found.some((one) => nameOf(one) === "TypeError" && /terminated/.test(messageText(one)));
  if (isLost) return "truncated";
  if (status !== undefined && status >= 400) return kindOfStatus(status, `${providerCode ?? ""} ${said}`);
  if (status !== undefined) return "bad_response";
  if (found.some((one) => networkCode.test(String(Reflect.get(one, "code") ?? "")))) return "unavailable";
  if (found.some((one) => APICallError.isInstance(one) && one.isRetryable)) return "unavailable";
  if (found.some((one) => badAnswers.test(nameOf(one)))) return "bad_response";
  if (found.some((one) => /^AI_(LoadAPIKey|LoadSetting|NoSuchModel)Error$/.test(nameOf(one)))) {
    return "misconfigured";
  }
  if (
    found.some((one) => /^AI_(UnsupportedFunctionality|Invalid(Prompt|Argument))Error$/.test(nameOf(one)))
  ) {
    return "rejected";
  }
  if (providerCode !== undefined && overloaded.test(providerCode)) return "unavailable";
  return "failed";
}

const networkCode =
  /^(E(CONNREFUSED|CONNRESET|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH)|UND_ERR_\w+|HPE_\w+|CERT_\w+|ERR_(TLS|SSL)_\w+|EPROTO|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const badAnswers =
  /^AI_(JSONParse|TypeValidation|EmptyResponseBody|InvalidResponseData|NoContentGenerated)Error$/;
const overloaded = /overloaded|unavailable|server_error|internal/i;
const noCredit = /insufficient_quota|billing|credit balance/i;

function kindOfStatus(status: number, said: string): Kind {
  // The same status as "too many requests", but no waiting helps.
  if (status === 429 && noCredit.test(said)) return "misconfigured";
  if (status === 429) return "rate_limited";
  if ([408, 409, 425].includes(status) || status >= 500) return "unavailable";
  if ([401, 402, 403, 404, 407].includes(status)) return "misconfigured";
  return "rejected";
}

/** The error and its causes, the outermost first. */
function chainOf(error: unknown): readonly object[] {
  const found: object[] = [];
  for (let next = error; typeof next === "object" && next !== null && found.length < 10; ) {
    if (found.includes(next)) break;
    found.push(next);
    next = Reflect.get(next, "lastError") ?? Reflect.get(next, "cause");
  }
  return found.length > 0 ? found : [new Error(String(error))];
}

function nameOf(error: object): string {
  return String(Reflect.get(error, "name") ?? "");
}

function messageText(error: object): string {
  const message: unknown = Reflect.get(error, "message");
  return typeof message === "string" ? message : "";
}

function messageOf(found: readonly object[]): string {
  const texts = found.map(messageText).filter((text) => text !== "");
  const [first = "it said nothing about it.", second = ""] = texts;
  // A cause usually says more exactly what its error says of itself.
  return second === "" || first.includes(second) ? first : `${first}: ${second}`;
}

function statusOf(error: object): number | undefined {
  const status: unknown = Reflect.get(error, "statusCode") ?? Reflect.get(error, "status");
  return typeof status === "number" && Number.isInteger(status) ? status : undefined;
}

function headersOf(error: object): unknown {
  return Reflect.get(error, "responseHeaders") ?? Reflect.get(error, "headers") ?? undefined;
}

function retryAfterOf(headers: unknown, now: number): number | undefined {
  const read = (name: string): string | undefined => {
    if (headers instanceof Headers) return headers.get(name) ?? undefined;
    const value: unknown =
      typeof headers === "object" && headers !== null ? Reflect.get(headers, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const exact = read("retry-after-ms");
  return exact !== undefined && /^\d+$/.test(exact)
    ? Number(exact)
    : parseRetryAfter(read("retry-after"), now);
}

/** The service's own word for it: `error.code` or `error.type` of its answer, or the status that Google gives. */
function providerCodeOf(error: object): string | undefined {
  const data: unknown = Reflect.get(error, "data");
  // What fails within a stream comes as the service's own object, not as an error.
  const own = error instanceof Error ? undefined : error;
  const inner: unknown =
    typeof data === "object" && data !== null ? (Reflect.get(data, "error") ?? data) : own;
  if (typeof inner !== "object" || inner === null) return undefined;
  const words = ["code", "type", "status"].map((key): unknown => Reflect.get(inner, key));
  return words.find((word): word is string => typeof word === "string" && word.length <= 100);
}
