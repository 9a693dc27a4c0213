import type { z } from "zod";

/** What a token may be limited to. An extension's routes form a group of its name. */
export type RouteGroup =
  | "jobs"
  | "sources"
  | "data"
  | "events"
  | "models"
  | "operations"
  | "tokens"
  // A group of an extension; the names above stay visible to editors.
  | (string & Record<never, never>);

/** `read` for what changes nothing, `write` for everything else. */
type Access = "read" | "write";

/** A route as the OpenAPI document, the typed client and the server see it. It says nothing about how the answer is made. */
export interface RouteContract<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  /** `operationId`, such as `jobs.create`: also the name of the method of the client. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters in braces, as OpenAPI writes them: `/jobs/{id}`. */
  readonly path: string;
  /** The group and access that a token needs; `public` routes need none. */
  readonly scope: { readonly group: RouteGroup; readonly access: Access } | "public";
  /** One line for the document. */
  readonly summary: string;
  /** Absent where the path has no parameters. */
  readonly params?: Params;
  /** Absent where the route takes no query: every name is then refused. A query's values are texts; use `z.coerce`. */
  readonly query?: Query;
  /** Absent where the route takes no body. */
  readonly body?: Body;
  /** What it answers when it succeeds. `type` defaults to `application/json`; `schema` is absent for 204 and for streams. */
  readonly answer: {
    readonly status: 200 | 201 | 202 | 204;
    readonly description: string;
    /** Other statuses that come with the same body. */
    readonly otherStatuses?: readonly number[];
    /** Other types that it answers with as text where `Accept` prefers them. */
    readonly otherTypes?: readonly string[];
    readonly type?: string;
    readonly schema?: Answer;
    /** The `Location` of what was created, with fields of the answer in braces: `/jobs/{id}`. */
    readonly location?: string;
  };
  /** Statuses of problems that are this route's own, besides those that every route has (400, 401, 403, 405, 413, 415, 429, 500, 503). */
  readonly problems?: readonly number[];
  /** True where `Idempotency-Key` is honoured: every `POST` that changes something. */
  readonly idempotent?: boolean;
  /** The largest body, in bytes. Default: that of the server, 1 MiB. */
  readonly maxBodyBytes?: number;
  /** The shape of its problems. Default: `problem`, RFC 9457. */
  readonly errors?: "problem" | "openai";
}

/** Returns its argument with the types of its schemas. */
export function defineRoute<
  const Params extends z.ZodType = z.ZodUndefined,
  const Query extends z.ZodType = z.ZodUndefined,
  const Body extends z.ZodType = z.ZodUndefined,
  const Answer extends z.ZodType = z.ZodUndefined,
>(route: RouteContract<Params, Query, Body, Answer>): RouteContract<Params, Query, Body, Answer> {
  return route;
}
