import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import type { JsonObject } from "@atlas/core";
import { defineCommand } from "../../command/command.ts";
import { usage } from "../../command/command-error.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import type { Host } from "../../command/host.ts";
import { jsonValue, wholeNumber } from "../../command/values.ts";
import { visible } from "../../output/visible.ts";
import { withGateway } from "../../reach/with-gateway.ts";

const PRIORITIES = { least: -1_000_000, most: 1_000_000 };

export const command = defineCommand({
  args: {
    workflow: { type: "positional", required: true, description: "Id of the workflow" },
    input: {
      type: "string",
      valueHint: "json",
      description: "Input of the job, a JSON object (default: {})",
    },
    "input-file": {
      type: "string",
      valueHint: "file",
      description: "File with the input; - for standard input",
    },
    key: { type: "string", valueHint: "text", description: "Idempotency key: one job for each key" },
    priority: { type: "string", valueHint: "number", description: "Higher runs first (default: 0)" },
    "run-at": { type: "string", valueHint: "time", description: "Not before this time, ISO-8601" },
    "deadline-at": {
      type: "string",
      valueHint: "time",
      description: "Must have ended by this time, ISO-8601",
    },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const priority = wholeNumber(args.priority, "--priority", PRIORITIES);
    const input = await readInput(host, args.input, args["input-file"]);
    const request = {
      workflow_id: args.workflow,
      ...(input === undefined ? {} : { input }),
      ...(args.key === undefined ? {} : { idempotency_key: args.key }),
      ...(priority === undefined ? {} : { priority }),
      ...(args["run-at"] === undefined ? {} : { run_at: args["run-at"] }),
      ...(args["deadline-at"] === undefined ? {} : { deadline_at: args["deadline-at"] }),
    };
    const created = await withGateway(
      { args, host, output },
      {
        running: async (client) => ({ ...(await client.jobs.create(request)), gateway: "running" }),
        async opened(gateway) {
          const { id, workflow_id } = await gateway.jobs.create(request, { actor: "cli" });
          output.note("No gateway is running. The job is stored, and runs after `atlas start`.");
          return { id, workflow_id, gateway: "not running" };
        },
      },
    );
    output.result(created, () => [visible(created.id)]);
    return undefined;
  },
});

async function readInput(
  host: Host,
  given: string | undefined,
  file: string | undefined,
): Promise<JsonObject | undefined> {
  if (given !== undefined && file !== undefined) throw usage("Give --input or --input-file, not both.");
  if (given === undefined && file === undefined) return undefined;
  const option = given === undefined ? "--input-file" : "--input";
  const value = jsonValue(given ?? (await textOf(host, file ?? "")), option);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw usage(`${option} must be a JSON object, such as '{"name": "value"}'.`);
  return value as JsonObject;
}

async function textOf(host: Host, file: string): Promise<string> {
  if (file === "-") return readAll(host.stdin);
  try {
    return readFileSync(resolve(host.cwd, file), "utf8");
  } catch (error) {
    throw usage(`--input-file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
