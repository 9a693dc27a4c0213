import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { isProxy } from "node:util/types";
import { llmModule } from "@atlas/llm/module";
import { pluginsModule } from "@atlas/plugins";
import { expect, it } from "vitest";

// Starting a process takes a second or more on a busy machine.
const LONG = { timeout: 60_000 };

const packageOf = (url: string): string =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
  /\/packages\/([^/]+)\/src\//.exec(url)?.[1] ??
  (url.startsWith("node:") ? url : "");

it("loads only what a gateway needs that calls no model and has no plugin of its own", LONG, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@atlas/source",
    join(import.meta.dirname, "fixtures/start-host.ts"),
  ]);
  const { loaded, threads } = JSON.parse(stdout) as {
    readonly loaded: readonly { readonly url: string; readonly by: string }[];
    readonly threads: number;
  };
  expect(threads).toBe(0);
  const packages = new Set(loaded.map(({ url }) => packageOf(url)));
  const ofOthers = [...packages].filter((name) => name !== "" && !name.startsWith("node:")).sort();
  // A name that appears here is paid for by every start, of every user.
  expect(ofOthers).toEqual([
    "@ai-sdk/provider",
    "better-sqlite3",
    "core",
    "croner",
    "gateway",
    "harness",
    "kysely",
    "leven",
    "llm",
    "plugins",
    "routing",
    "zod",
  ]);
  expect(loaded.filter(({ url }) => /\/builtin\/|\/tracing\/|-worker\.ts$/.test(url))).toEqual([]);
  // The build puts Kysely into core, so everything else has to take it from there.
  const askedForKysely = loaded.filter(
    ({ url, by }) => packageOf(url) === "kysely" && packageOf(by) !== "kysely",
  );
  expect(new Set(askedForKysely.map(({ by }) => packageOf(by)))).toEqual(new Set(["core"]));
});

it.each([pluginsModule, llmModule])(
  "makes no schema of the commands of $name at its import",
  ({ name, commands }) => {
    // What removes old rows gets its command from `defineModule`.
    const eager = Object.entries(commands).filter(([, { schema }]) => !isProxy(schema));
    expect(eager.map(([type]) => type)).toEqual([`${name}.prune`].filter((type) => type in commands));
  },
);
