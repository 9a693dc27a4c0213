// Adds to package-lock.json the platform packages that the registry did not serve when it was written: `npm run lock`.
// npm leaves those out, and then `npm ci` refuses the file or another system lacks its binaries. An entry needs neither an
// address nor a hash: npm fetches the name and version on the system that wants it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run-steps.ts";

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
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

const file = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
const missing = Object.entries(lock.packages).flatMap(([path, entry]) => missingOf(path, entry));
const { "": ownEntry, ...rest } = { ...lock.packages, ...Object.fromEntries(missing) };
lock.packages = Object.fromEntries([
  ["", ownEntry as Entry],
  ...Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1)),
]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} platform packages added to package-lock.json.`);

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

/** What a package's name tells of where it runs; nothing when it is no platform package. */
function platformOf(name: string): Pick<Entry, "os" | "cpu"> | undefined {
  const words = name.slice(name.lastIndexOf("/") + 1).split(/[-_.]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = words.includes("armv7") ? "arm" : PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined && !words.some((word) => word.startsWith("wasm"))) return undefined;
  return { ...(cpu === undefined ? {} : { cpu: [cpu] }), ...(os === undefined ? {} : { os: [os] }) };
}
