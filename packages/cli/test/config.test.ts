import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { atlas } from "./support/atlas.ts";
import { CONFIG, emptyFolder, project } from "./support/project.ts";

it.each([
  ["nothing", "export {};", "it has no default export. Write `export default defineConfig("],
  ["no object", "export default 7;", "its default export must be the options of a gateway; got 7."],
  ["a function", "export default () => ({});", "got a function."],
  [
    "no database",
    "export default {};",
    'database must be the path of a file, such as "data/atlas.db"; got undefined.',
  ],
  [
    "another driver",
    'export default { database: "a.db", driver: "pg" };',
    'driver must be one of better-sqlite3, node:sqlite; got "pg".',
  ],
  ["no list", 'export default { database: "a.db", sinks: {} };', "sinks must be a list; got an object."],
  [
    "a wrong http",
    'export default { database: "a.db", http: 4400 };',
    "http must be options such as { port: 4400 }, or false; got 4400.",
  ],
  [
    "a wrong port",
    'export default { database: "a.db", http: { port: "80" } };',
    'http.port must be a whole number from 0 to 65535; got "80".',
  ],
  [
    "a wrong host",
    'export default { database: "a.db", http: { host: 1 } };',
    "http.host must be a name or an address",
  ],
  [
    "a token",
    'export default { database: "a.db", http: { token: "s3cret" } };',
    "http.token must not be in a file. Set the environment variable ATLAS_TOKEN",
  ],
  [
    "an unknown option",
    'export default { database: "a.db", sink: [] };',
    '"sink" is not an option. Did you mean "sinks"?',
  ],
  [
    "a wrong value",
    'export default { database: "a.db", concurrency: 0 };',
    "concurrency must be a whole number from 1",
  ],
  ["a syntax error", "export default {\n  database: ;\n};", "cannot be loaded:"],
  ["an enum, whose types cannot be stripped", "enum A { B }\nexport default {};", "cannot be loaded:"],
  ["a missing import", 'import "no-such-package";', "Run `npm install`, or correct the import."],
  ["code that throws", 'throw new Error("Set FOO first.");', "cannot be loaded: Set FOO first."],
])("names the file and what is allowed for a configuration with %s", async (_, text, message) => {
  const cwd = project({ "atlas.config.ts": text });
  const { code, stdout, stderr } = await atlas(["verify"], { cwd });
  expect(stderr).toContain(join(cwd, "atlas.config.ts"));
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toContain("s3cret");
  expect([code, stdout]).toEqual([2, ""]);
});

it("says how to get a configuration where there is none", async () => {
  const cwd = emptyFolder();
  const { code, stderr } = await atlas(["start"], { cwd });
  expect(stderr).toContain(`There is no atlas.config.ts in ${cwd}. Run \`atlas init\` to create a project`);
  expect(code).toBe(2);
  expect((await atlas(["sync", "--config=other.ts"], { cwd })).stderr).toContain(
    `no configuration at ${join(cwd, "other.ts")}.`,
  );
});

it("takes paths relative to the configuration, wherever it is run", async () => {
  const cwd = project({ "app/atlas.config.ts": CONFIG });
  mkdirSync(join(cwd, "elsewhere"));
  const env = { ATLAS_CONFIG: "../app/atlas.config.ts" };
  await atlas(["sync", "notes"], { cwd: join(cwd, "elsewhere"), env });
  const { stdout } = await atlas(["verify", "--config=app/atlas.config.ts"], { cwd });
  expect(stdout).toContain("verified");
  expect(existsSync(join(cwd, "app/data/atlas.db"))).toBe(true);
  expect(readdirSync(join(cwd, "elsewhere"))).toEqual([]);
});

it.each(["atlas.config.mts", "atlas.config.js", "atlas.config.mjs"])("finds %s as well", async (name) => {
  const cwd = project({ [name]: CONFIG, "package.json": '{"type":"module"}' });
  expect((await atlas(["sync", "notes"], { cwd })).code).toBe(0);
});
