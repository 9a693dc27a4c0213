// Writes the JSON Schemas that packages ship: `npm run schemas`. A test compares them with what the code checks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { routingJsonSchema } from "@atlas/routing/internal";
import { root } from "./run-steps.ts";

const file = join(root, "packages/routing/gateway.routing.schema.json");
writeFileSync(file, `${JSON.stringify(routingJsonSchema(), null, 2)}\n`);
