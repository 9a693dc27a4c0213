import type { CallOptions, ClientOptions } from "./client-options.ts";
import type { Operation } from "./operations.ts";

/** What a caller gave to a method. */
export interface Given {
  readonly id?: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
}

/** A request that can be sent, once or again. */
export interface PreparedRequest {
  readonly url: string;
  readonly init: RequestInit;
  /** True where a repetition does nothing twice. */
  readonly isRepeatable: boolean;
}

/** Sorts the arguments of a method: what stands in the path, then the query or the body, then options. */
export function readArguments({ path, input }: Operation, given: readonly unknown[]): Given {
  const left = [...given];
  const id = path.includes("{") ? left.shift() : undefined;
  if (path.includes("{") && (typeof id !== "string" || id === ""))
    throw new TypeError(`${path} takes an id, a text that is not empty; got ${JSON.stringify(id)}.`);
  const taken = input === "query" || input === "body" ? left.shift() : undefined;
  const [options] = left;
  // The types of the methods say what stands where.
  return {
    ...(id === undefined ? {} : { id: id as string }),
    ...(taken === undefined ? {} : { input: taken as Readonly<Record<string, unknown>> }),
    options: (options as CallOptions | undefined) ?? {},
  };
}

/** The request of an operation. */
export function prepareRequest(
  client: ClientOptions,
  operation: Operation,
  { id, input = {}, options }: Given,
): PreparedRequest {
  const { method, path, keyed, answer } = operation;
  const key =
    keyed === true && options.idempotencyKey !== false
      ? (options.idempotencyKey ?? globalThis.crypto.randomUUID())
      : undefined;
  const hasBody = operation.input === "body" || operation.input === "empty";
  const base = client.url.replace(/\/+$/, "");
  const at = id === undefined ? path : path.replace(/\{\w+\}/, encodeSegment(id));
  return {
    url: `${base}${at}${operation.input === "query" ? queryOf(input) : ""}`,
    init: {
      method,
      headers: {
        accept: ACCEPTED[answer ?? "json"],
        ...(client.token === undefined ? {} : { authorization: `Bearer ${client.token}` }),
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...client.headers,
        ...options.headers,
      },
      ...(hasBody ? { body: JSON.stringify(input) } : {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
    isRepeatable: method === "GET" || key !== undefined,
  };
}

const ACCEPTED = {
  json: "application/json",
  nothing: "application/json",
  text: "text/plain",
  stream: "text/event-stream",
} as const;

/** A path's `.` and `..` mean another path, even where they are encoded. */
function encodeSegment(id: string): string {
  if (id === "." || id === "..")
    throw new TypeError(`"${id}" cannot be asked for by address. List the items instead.`);
  return encodeURIComponent(id);
}

function queryOf(input: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    query.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
