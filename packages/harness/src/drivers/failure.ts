import { verdictOfStatus } from "@atlas/routing/http-status";
import { type AgentDetails, HarnessError } from "../contract/errors.ts";

/** What an agent said about its failure. */
export interface SaidFailure {
  readonly message: string;
  /** The HTTP status of the model service. Default: the one that the message names. */
  readonly status?: number | undefined;
}

const LONGEST_MESSAGE = 500;

const unknownSession =
  /no rollout found|no conversation found|session (?:id )?(?:\S+ )?(?:was )?not found|no session(?:s)? (?:found|with)|error resuming session|invalid session identifier/i;
const tooLong =
  /prompt is too long|context[ _](?:length|window)|maximum context|input exceeds the maximum|too many (?:input )?tokens/i;
const unpaid =
  /insufficient_quota|(?:quota|credit|balance).*(?:billing|plan|top up|too low)|payment required/i;
const limited = /rate.?limit|too many requests|resource_exhausted|usage limit/i;
const misconfigured =
  /not logged in|please (?:run \/login|log ?in|sign in)|log ?in (?:first|again)|api.?key|missing environment variable|authenticat|unauthori[sz]ed|auth method|no credentials|model\S* .*(?:not found|does not exist|not supported|unknown)|unknown model|(?:unknown|unexpected) (?:option|argument)/i;

/** Turns what an agent said into an error. `login` says what to run or to set where the agent is not allowed to ask its model. */
export function agentFailure(failure: SaidFailure, details: AgentDetails, login: string): HarnessError {
  const status = failure.status ?? statusIn(failure.message);
  const said = readable(failure.message, LONGEST_MESSAGE) || "no message";
  const known: AgentDetails = { ...details, ...(status === undefined ? {} : { status }) };
  const agent = `Agent "${details.harness}"`;
  if (unknownSession.test(said)) {
    const { harness } = details;
    const message = `${agent} does not know the session that it was to go on with: ${said}. Start the task without \`sessionId\`.`;
    return new HarnessError("ATLAS_HARNESS_INPUT_REFUSED", { harness, input: "sessionId" }, message);
  }
  if (tooLong.test(said)) {
    const { harness } = details;
    const message = `${agent} cannot take the goal and what it read: ${said}. Shorten the goal or choose a model with a larger context.`;
    return new HarnessError("ATLAS_HARNESS_INPUT_REFUSED", { harness, input: "goal" }, message);
  }
  switch (kindOf(said, status)) {
    case "misconfigured":
      return new HarnessError(
        "ATLAS_HARNESS_MISCONFIGURED",
        known,
        `${agent} was refused: ${said}. ${login}`,
      );
    case "rate_limited": {
      const message = `${agent} sent too many requests to its model: ${said}. Retry later, or add another agent to the profile.`;
      return new HarnessError("ATLAS_HARNESS_RATE_LIMITED", known, message);
    }
    case "failed":
      return new HarnessError("ATLAS_HARNESS_FAILED", known, `${agent} failed: ${said}.`);
  }
}

/** A text without control characters and escape sequences, in one line. The end counts: it is kept when the text is cut. */
export function readable(text: string, limit: number): string {
  const plain = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    .replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "")
    .replaceAll(/\p{Cc}+/gu, " ")
    .replaceAll(/(?<![\w-])(?:sk|pk|rk|gsk|xai|AIza|ghp|gho|ghu|github_pat)[-_]?[\w-]{12,}/g, "…")
    .trim()
    .replace(/[.\s]+$/, "");
  return plain.length > limit ? `…${plain.slice(1 - limit)}` : plain;
}

function kindOf(said: string, status: number | undefined): "misconfigured" | "rate_limited" | "failed" {
  // An account without money is told so with 429, and a pause does not help.
  if (unpaid.test(said)) return "misconfigured";
  if (status !== undefined) {
    const verdict = verdictOfStatus(status);
    if (verdict === "rate_limited") return verdict;
    if (verdict === "wrong_credentials" || verdict === "not_found") return "misconfigured";
    if (verdict === "unavailable") return "failed";
  }
  if (limited.test(said)) return "rate_limited";
  return misconfigured.test(said) ? "misconfigured" : "failed";
}

/** The status that a message names: `status 401`, `API Error: 401`, `(429)`, `"code":500`, `HTTP 401`. */
function statusIn(message: string): number | undefined {
  const found =
    /(?:\bstatus(?: code)?|\bAPI Error|\bHTTP|"(?:code|status)")\s*[:=]?\s*\(?([45]\d\d)\b|\(([45]\d\d)\)|\b([45]\d\d) (?=[A-Z][a-z]+ ?[A-Z])/.exec(
      message,
    );
  const digits = found?.[1] ?? found?.[2] ?? found?.[3];
  return digits === undefined ? undefined : Number(digits);
}
