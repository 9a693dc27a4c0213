// Writes the tsconfig files that follow from the table of packages: `npm run references`. A test says when they are stale.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { references } from "./references.ts";
import { root } from "./run-steps.ts";

for (const { path, content } of references()) {
  writeFileSync(join(root, path), `${JSON.stringify(content, null, 2)}\n`);
}
