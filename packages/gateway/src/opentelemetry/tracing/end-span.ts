import type { WorkEnd } from "@atlas/plugins";
import { type Span, SpanStatusCode } from "@opentelemetry/api";

/** Says on a span how the work ended, and ends it. A message may quote data of users, so it is recorded only where it was asked for. */
export function endSpan(span: Span, { status, error, http_status }: WorkEnd, recordContent: boolean): void {
  if (status !== "succeeded" && http_status === undefined) span.setAttribute("atlas.outcome", status);
  if (http_status !== undefined) span.setAttribute("http.response.status_code", http_status);
  if (status === "failed") {
    span.setAttribute("error.type", http_status === undefined ? typeOf(error) : String(http_status));
    const message = recordContent && error instanceof Error ? error.message : undefined;
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
  }
  span.end();
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
