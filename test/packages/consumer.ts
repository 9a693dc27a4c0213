import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesLike, fullNameOf, packageNames, readJson, root } from "../support/checkout.ts";

/** A project of a user, outside of this repository, with the packed packages installed. */
export interface Consumer {
  readonly folder: string;
  /** Writes a file and returns its path. */
  write(path: string, text: string): string;
  /** Runs a program in the folder. A failure is a value. */
  run(program: string, args: readonly string[], timeoutMs?: number): Promise<Ran>;
  /** Runs a tool that the project has installed. */
  tool(name: string, args: readonly string[]): Promise<Ran>;
  /** Deletes the folder. */
  remove(): void;
}

/** How a program ended. */
export interface Ran {
  /** 0, another exit code, or the name of a signal. */
  readonly code: number | string;
  /** Standard output and standard error. */
  readonly output: string;
}

/** The tarball of each package as a dependency, by its full name. */
export const tarballs: Readonly<Record<string, string>> = Object.fromEntries(
  packageNames.map((name) => {
    const fullName = fullNameOf(name);
    // As npm pack names the file: "@atlas/core" lies in atlas-core-<version>.tgz.
    const [file] = filesLike(`dist/tarballs/${fullName.replace(/^@/, "").replace("/", "-")}-[0-9]*.tgz`);
    if (file === undefined) throw new Error(`No tarball of ${fullName}. Run npm run pack:packages first.`);
    return [fullName, `file:${join(root, file)}`];
  }),
);

/** The version of a package that this repository itself uses, so that the registry's newest cannot fail a run. */
export function ownVersion(name: string): string {
  return readJson<{ readonly version: string }>(`node_modules/${name}/package.json`).version;
}

/** Makes a project in an empty folder. Nothing is installed yet. */
export function createConsumer(folder: string, manifest: object): Consumer {
  mkdirSync(folder, { recursive: true });
  const consumer: Consumer = {
    folder,
    write(path, text) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    run(program, args, timeoutMs = 120_000) {
      return new Promise((resolve) => {
        const options = { cwd: folder, env: userEnvironment(folder), timeout: timeoutMs, maxBuffer: 2 ** 26 };
        execFile(program, args, options, (error, stdout, stderr) => {
          const code = error === null ? 0 : (error.code ?? error.signal ?? "unknown");
          resolve({ code, output: `${stdout}${stderr}` });
        });
      });
    },
    remove: () => rmSync(folder, { recursive: true }),
    tool: (name, args) => consumer.run(join(folder, "node_modules/.bin", name), args),
  };
  consumer.write("package.json", JSON.stringify({ name: "consumer", private: true, ...manifest }, null, 2));
  return consumer;
}

/** This process's environment without what npm, vitest and this repository put into it. */
function userEnvironment(folder: string): NodeJS.ProcessEnv {
  const own = /^(npm_|VITEST|TEST$|NODE_OPTIONS|NODE_ENV|NODE_COMPILE_CACHE|INIT_CWD|[A-Z_]*API_KEY)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  const path = (process.env["PATH"] ?? "").split(":").filter((place) => !place.includes("node_modules/.bin"));
  // Node 24 first: programs of the project start with `#!/usr/bin/env node`.
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(process.execPath), ...path].join(":"),
    NO_COLOR: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    // npm and others would keep it in the temporary folder.
    NODE_COMPILE_CACHE: join(folder, "node_modules/.cache/node"),
  };
}
