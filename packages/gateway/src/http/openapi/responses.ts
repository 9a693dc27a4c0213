import { STATUS_CODES } from "node:http";
import { openAIError, problem } from "../contract/records/problem.ts";
import type { RouteContract } from "../contract/route.ts";
import type { SchemaObject, SchemaWriter } from "./schemas.ts";

/** An answer of an operation. */
export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<
    Record<string, { readonly description: string; readonly schema: SchemaObject }>
  >;
  readonly content?: Readonly<Record<string, { readonly schema: SchemaObject }>>;
}

const WITH_TOKEN = [400, 401, 403, 429, 500, 503];
const WITHOUT_TOKEN = [400, 500];
const WITH_BODY = [413, 415];
const WITH_KEY = [409, 422];

/** Every answer of an operation, by status. */
export function responsesOf(
  contract: RouteContract,
  writer: SchemaWriter,
): Readonly<Record<string, ResponseObject>> {
  const { answer, scope, body, idempotent, problems = [], errors } = contract;
  const good = goodAnswer(contract, writer);
  const other = Object.fromEntries(
    (answer.otherStatuses ?? []).map((status) => [status, { ...good, description: titleOf(status) }]),
  );
  const statuses = new Set([
    ...(scope === "public" ? WITHOUT_TOKEN : WITH_TOKEN),
    ...(body === undefined ? [] : WITH_BODY),
    ...(idempotent === true ? WITH_KEY : []),
    ...problems,
  ]);
  const content =
    errors === "openai"
      ? { "application/json": { schema: writer.write(openAIError) } }
      : { "application/problem+json": { schema: writer.write(problem) } };
  const refusals = Object.fromEntries(
    [...statuses].map((status) => [status, { description: titleOf(status), content }]),
  );
  return { ...refusals, ...other, [answer.status]: good };
}

function goodAnswer({ answer }: RouteContract, writer: SchemaWriter): ResponseObject {
  const { status, description, schema, type = "application/json", otherTypes = [], location } = answer;
  const text: SchemaObject = { type: "string" };
  return {
    description,
    headers: {
      "X-Request-Id": { description: "The id of the request.", schema: { type: "string" } },
      ...(location === undefined
        ? {}
        : { Location: { description: "Where it is.", schema: { type: "string" } } }),
    },
    ...(status === 204
      ? {}
      : {
          content: {
            [type]: { schema: schema === undefined ? text : writer.write(schema) },
            ...Object.fromEntries(otherTypes.map((other) => [other, { schema: text }])),
          },
        }),
  };
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? "Error";
}
