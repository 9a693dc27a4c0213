/** The `type` of an error, which clients of OpenAI's interface know. */
export type OpenAIErrorType =
  | "invalid_request_error"
  | "not_found_error"
  | "rate_limit_error"
  | "server_error"
  | "timeout_error";

/** An error as OpenAI's interface sends it. */
export interface OpenAIErrorBody {
  readonly message: string;
  readonly type: OpenAIErrorType;
  /** OpenAI's code where it has one for this; otherwise that of Atlas. */
  readonly code: string;
  /** The field of the request that is wrong. */
  readonly param: string | null;
}

/** Ends a call of a route below `/v1`. Its message is sent as it is, so it holds nothing secret. */
export class OpenAIError extends Error {
  override readonly name = "OpenAIError";
  readonly status: number;
  readonly body: OpenAIErrorBody;
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    error: Omit<OpenAIErrorBody, "param"> & {
      readonly param?: string | undefined;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super(error.message);
    this.status = status;
    const { message, type, code, param = null } = error;
    this.body = { message, type, code, param };
    this.retryAfterMs = error.retryAfterMs;
  }
}

/** A request that uses something which no call of a model can carry. */
export function unsupported(param: string, message: string): OpenAIError {
  return new OpenAIError(400, {
    message,
    type: "invalid_request_error",
    code: "unsupported_parameter",
    param,
  });
}

/** A request that is wrong in itself. */
export function invalid(param: string, message: string): OpenAIError {
  return new OpenAIError(400, { message, type: "invalid_request_error", code: "invalid_value", param });
}

/** An error as a response. */
export function errorResponse({ status, body, retryAfterMs }: OpenAIError): Response {
  const headers = new Headers({ "content-type": "application/json" });
  if (retryAfterMs !== undefined) headers.set("retry-after", String(Math.ceil(retryAfterMs / 1_000)));
  return new Response(JSON.stringify({ error: body }), { status, headers });
}
