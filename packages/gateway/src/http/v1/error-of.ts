import { isLLMError, type LLMError } from "@atlas/llm";
import { isWrongCall } from "@atlas/llm/module";
import { isRoutingError, type Route } from "@atlas/routing";
import { OpenAIError, type OpenAIErrorType } from "./openai-error.ts";

interface Told {
  readonly status: number;
  readonly type: OpenAIErrorType;
  /** Default: the code of Atlas. */
  readonly code?: string;
}

const TOLD = {
  rate_limited: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  unavailable: { status: 503, type: "server_error" },
  timed_out: { status: 504, type: "timeout_error" },
  // Also a refused key: it is the gateway's, not the caller's.
  upstream: { status: 502, type: "server_error" },
  rejected: { status: 400, type: "invalid_request_error" },
  context_window: { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  content_filter: { status: 400, type: "invalid_request_error", code: "content_filter" },
} as const satisfies Readonly<Record<string, Told>>;

/**
 * What a client is told about a call that failed; nothing for an error that may hold anything. What one service said about the request
 * itself, such as its length, is said on; what it said about the gateway's key or address is not the caller's doing.
 */
export function openAIErrorOf(error: unknown): OpenAIError | undefined {
  if (error instanceof OpenAIError) return error;
  if (isLLMError(error)) {
    const { status, type, code = error.code } = toldOf(error);
    return new OpenAIError(status, {
      message: error.message,
      type,
      code,
      retryAfterMs: pauseOf(error, status),
    });
  }
  if (isRoutingError(error, "ATLAS_ROUTING_PROFILE_UNKNOWN")) return unknownModel(error.message);
  if (isWrongCall(error) && error instanceof Error)
    return new OpenAIError(400, {
      message: error.message,
      type: "invalid_request_error",
      code: "invalid_value",
    });
  return undefined;
}

/** A model that is no profile. */
export function unknownModel(message: string): OpenAIError {
  return new OpenAIError(404, { message, type: "not_found_error", code: "model_not_found", param: "model" });
}

function toldOf(error: LLMError): Told {
  switch (error.code) {
    case "ATLAS_LLM_RATE_LIMITED":
      return TOLD.rate_limited;
    case "ATLAS_LLM_UNAVAILABLE":
      return TOLD.unavailable;
    case "ATLAS_LLM_TIMED_OUT":
      return TOLD.timed_out;
    case "ATLAS_LLM_REJECTED":
      return rejectedFor(error.route);
    case "ATLAS_LLM_ALL_FAILED":
      return toldOfAll(error.route);
    default:
      return TOLD.upstream;
  }
}

function rejectedFor(route: Route | undefined): Told {
  const reason = route?.attempts.at(-1)?.rejectedFor;
  return reason === undefined || reason === "unsupported" ? TOLD.rejected : TOLD[reason];
}

/** Nobody answered. One word for all of it is only right where all failed alike. */
function toldOfAll(route: Route | undefined): Told {
  const attempts = route?.attempts ?? [];
  const kinds = new Set(attempts.map(({ outcome }) => outcome));
  if (kinds.size === 0) return TOLD.unavailable;
  if (kinds.size === 1 && kinds.has("rejected")) return rejectedFor(route);
  if (kinds.size === 1 && kinds.has("rate_limited")) return TOLD.rate_limited;
  if (attempts.at(-1)?.outcome === "timed_out" || kinds.has("aborted")) return TOLD.timed_out;
  return kinds.size === 1 && kinds.has("misconfigured") ? TOLD.upstream : TOLD.unavailable;
}

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 86_400_000;

/** How long to wait before the next call, where waiting helps: as long as the first service that may be ready again. */
function pauseOf({ details, route }: LLMError, status: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const own = "retryAfterMs" in details ? details.retryAfterMs : undefined;
  const asked = [own, ...(route?.attempts ?? []).map(({ retryAfterMs }) => retryAfterMs)].filter(
    (pause): pause is number => pause !== undefined && Number.isFinite(pause),
  );
  return asked.length === 0
    ? SHORTEST_PAUSE_MS
    : Math.min(Math.max(Math.min(...asked), SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}
