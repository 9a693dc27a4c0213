/** A response that the guarded fetch refused to pass on. */
export class RefusedResponse extends Error {
  override readonly name = "RefusedResponse";
  readonly kind: "bad_response" | "misconfigured";

  constructor(kind: RefusedResponse["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** True for a response that the guarded fetch refused. */
export function isRefusedResponse(error: unknown): error is RefusedResponse {
  return error instanceof RefusedResponse;
}
