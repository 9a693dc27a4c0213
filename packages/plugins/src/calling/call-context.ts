import type { CallContext, Logger } from "@atlas/core";

/** A context about which nothing is known. */
export const NO_CONTEXT: CallContext = Object.freeze({});

/** What a job takes over from the call that creates it. `job_id`, `workflow_id` and `attempt` are those of the creator. */
export function inheritedContext({ actor, correlation_id, tenant, traceparent }: CallContext): CallContext {
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(correlation_id === undefined ? {} : { correlation_id }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** A logger that adds these fields to every line. */
export function logWith(log: Logger, of: Readonly<Record<string, unknown>>): Logger {
  if (Object.keys(of).length === 0) return log;
  return {
    debug: (fields, message) => log.debug({ ...of, ...fields }, message),
    info: (fields, message) => log.info({ ...of, ...fields }, message),
    warn: (fields, message) => log.warn({ ...of, ...fields }, message),
    error: (fields, message) => log.error({ ...of, ...fields }, message),
  };
}

/** The field of log lines that ties them to a caller. */
export function correlationField({ correlation_id }: CallContext): Readonly<Record<string, unknown>> {
  return correlation_id === undefined ? {} : { correlation_id };
}
