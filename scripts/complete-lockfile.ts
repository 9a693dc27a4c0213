// Completes package-lock.json after `npm install --package-lock-only`: `npm run lock`. A registry that lags does not serve
// every platform package of a new release. npm then leaves those out of the lock, and `npm ci` refuses the lock. This
// script adds them by name and version: docs/decisions/0025-lockfile.md.
//
//   npm run lock -- --hashes     also asks the registry for the integrity hashes that are still missing
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run-steps.ts";

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = ["arm64", "arm", "x64", "ia32", "ppc64", "riscv64", "s390x", "loong64", "mips64el"];

const NODE_MODULES = "node_modules/";

const file = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
const missing = Object.entries(lock.packages).flatMap(([path, entry]) => missingOf(path, entry));
const all = { ...lock.packages, ...Object.fromEntries(missing) };
const hashless = Object.entries(all).filter(([path, entry]) => isFromRegistry(path) && !entry.integrity);
const hashed = (process.argv.includes("--hashes") ? hashless : []).flatMap(([path, entry]) => {
  const integrity = integrityOf(path, entry);
  return integrity === undefined ? [] : [[path, { ...entry, integrity }] as const];
});
const { "": ownEntry, ...rest } = { ...all, ...Object.fromEntries(hashed) };
lock.packages = Object.fromEntries([
  ["", ownEntry as Entry],
  ...Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1)),
]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`Added ${missing.length} platform packages that npm had left out of package-lock.json.`);
console.log(`Integrity hashes: ${hashed.length} added, ${hashless.length - hashed.length} missing.`);

function isFromRegistry(path: string): boolean {
  return path.startsWith(NODE_MODULES) && lock.packages[path]?.link !== true;
}

/** The hash that the registry states for a version; undefined while it does not serve that version. */
function integrityOf(path: string, { version = "" }: Entry): string | undefined {
  const name = path.slice(path.lastIndexOf(NODE_MODULES) + NODE_MODULES.length);
  const args = ["view", `${name}@${version}`, "dist.integrity"];
  const { stdout } = spawnSync("npm", args, { encoding: "utf8", shell: process.platform === "win32" });
  return /^sha512-\S+$/m.exec(stdout)?.[0];
}

function missingOf(
  path: string,
  { dev, optionalDependencies = {} }: Entry,
): readonly (readonly [string, Entry])[] {
  return Object.entries(optionalDependencies).flatMap(([name, version]) => {
    const isLocked =
      lock.packages[`${path}/node_modules/${name}`] !== undefined ||
      lock.packages[`node_modules/${name}`] !== undefined;
    const platform = platformOf(name);
    // A range instead of a version is an ordinary optional dependency.
    if (isLocked || platform === undefined || !/^\d/.test(version)) return [];
    // The order of the fields is npm's, so that the next `npm install` has nothing to rewrite.
    const { os, cpu } = platform;
    const entry = {
      version,
      ...(cpu && { cpu }),
      ...(dev === true && { dev }),
      optional: true,
      ...(os && { os }),
    };
    return [[`node_modules/${name}`, entry] as const];
  });
}

/** Where a package runs, read from its name; undefined when the name states no platform. */
function platformOf(name: string): Pick<Entry, "os" | "cpu"> | undefined {
  const words = name.slice(name.lastIndexOf("/") + 1).split(/[-_.]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = words.includes("armv7") ? "arm" : PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined && !words.some((word) => word.startsWith("wasm"))) return undefined;
  return { ...(cpu === undefined ? {} : { cpu: [cpu] }), ...(os === undefined ? {} : { os: [os] }) };
}
