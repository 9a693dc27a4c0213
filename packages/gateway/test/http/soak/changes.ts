import { randomUUID } from "node:crypto";

/** One change that a client asks for over HTTP, with what came of it. */
export interface Change {
  readonly kind: "create" | "signal" | "cancel" | "token" | "revoke";
  readonly path: string;
  readonly method: "POST" | "DELETE";
  readonly body?: unknown;
  /** Absent where the change is the same however often it is asked for. */
  readonly key?: string;
  /** What the server answered with 2xx; absent while nothing is known. */
  answer?: Readonly<Record<string, unknown>>;
  /** A refusal that the state of things explains, such as the cancel of a job that is over. */
  refused?: number;
}

/** A new job with a key of its own, which its input carries too: so that doubles can be counted. */
export function newJob(workflow_id: "plain.v1" | "order.v1"): Change {
  const key = randomUUID();
  return { kind: "create", method: "POST", path: "/jobs", key, body: { workflow_id, input: { key } } };
}

/** The answer that a job waits for. */
export function newSignal(job: string): Change {
  const key = randomUUID();
  return {
    kind: "signal",
    method: "POST",
    path: `/jobs/${job}/signals`,
    key,
    body: { name: "answer", value: key },
  };
}

/** The end of a job. */
export function newCancel(job: string): Change {
  return { kind: "cancel", method: "POST", path: `/jobs/${job}/cancel`, key: randomUUID(), body: {} };
}

/** A token, which can be asked for only once: its answer is the only place where it is shown. */
export function newToken(): Change {
  return {
    kind: "token",
    method: "POST",
    path: "/tokens",
    body: { name: randomUUID(), scopes: ["jobs:read"] },
  };
}

/** The end of a token. */
export function newRevoke(id: string): Change {
  return { kind: "revoke", method: "DELETE", path: `/tokens/${id}` };
}
