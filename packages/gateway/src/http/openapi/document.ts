import type { JsonObject } from "@atlas/core";
import type { RouteContract } from "../contract/route.ts";
import { parametersOf } from "./parameters.ts";
import { responsesOf } from "./responses.ts";
import { createSchemaWriter, type SchemaWriter } from "./schemas.ts";

/** What each group of operations is about. A group that is not here belongs to an extension. */
const TAGS: Readonly<Record<string, string>> = {
  jobs: "Work for workflows.",
  workflows: "What jobs can be created for.",
  schedules: "When workflows run by themselves.",
  sources: "Where data comes from.",
  sinks: "Where events go.",
  deadLetters: "Events that sinks have given up.",
  entities: "Things that sources told of.",
  events: "What happened outside.",
  artifacts: "Results of workflows.",
  domainEvents: "What happened inside.",
  models: "Language models.",
  calls: "Calls to language models.",
  operations: "State and figures of the gateway.",
  refused: "Commands that were refused.",
  journal: "Commands that were applied.",
  maintenance: "Backups, pruning, verifying.",
  tokens: "Who may ask.",
  health: "Probes.",
};

/** The OpenAPI 3.1 document of these routes. */
export function buildDocument(contracts: readonly RouteContract[]): JsonObject {
  const writer = createSchemaWriter();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const contract of contracts) {
    const operations = paths[contract.path] ?? {};
    operations[contract.method.toLowerCase()] = operationOf(contract, writer);
    paths[contract.path] = operations;
  }
  const tags = [...new Set(contracts.map(tagOf))].sort();
  const document = {
    openapi: "3.1.1",
    info: {
      title: "Atlas",
      version: "0.1.0",
      description: "The HTTP interface of an Atlas gateway.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    // Relative to where this document is.
    servers: [{ url: "." }],
    security: [{ bearer: [] }],
    tags: tags.map((name) => ({ name, description: TAGS[name] ?? `Routes of "${name}".` })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A token of `gateway.tokens.create`." },
      },
      schemas: writer.components,
    },
  };
  // Only what JSON has, and a copy that nobody else holds.
  return JSON.parse(JSON.stringify(document)) as JsonObject;
}

function operationOf(contract: RouteContract, writer: SchemaWriter): object {
  const { id, summary, scope, body } = contract;
  const parameters = parametersOf(contract, writer);
  return {
    operationId: id,
    summary,
    tags: [tagOf(contract)],
    ...(scope === "public"
      ? { security: [] }
      : { description: `Needs the scope \`${scope.group}:${scope.access}\`.` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: writer.write(body) } } } }),
    responses: responsesOf(contract, writer),
  };
}

function tagOf({ id }: RouteContract): string {
  const [room = id, name] = id.split(".");
  return name === undefined ? "health" : room;
}
