import { expect, it } from "vitest";
import { readJson, readText } from "./support/checkout.ts";

interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}
interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

it("resolves packages wherever the machine gets them from", () => {
  const { packages } = readJson<Lockfile>("package-lock.json");
  const addresses = Object.values(packages).flatMap(({ resolved }) => resolved ?? []);
  // What is left are the links to our own folders.
  expect(addresses.filter((address) => !/^(packages|examples)\//.test(address))).toEqual([]);
  expect(readText(".npmrc")).toContain("omit-lockfile-registry-resolved=true");
  expect(readText(".npmrc")).not.toMatch(/https?:|registry\s*=/);
});

// docs/decisions/0025-lockfile.md: what the registry did not serve. The list may only become shorter.
const WITHOUT_HASH: Readonly<Record<string, number>> = {
  "@biomejs/biome": 8,
  "msgpackr-extract": 4,
  "oxc-parser": 15,
  rollup: 24,
};

it("holds the integrity hash of every package but of some development tools' platform packages", () => {
  const { packages } = readJson<Lockfile>("package-lock.json");
  const hashless = Object.entries(packages).filter(
    ([path, { link, integrity }]) => path.includes("node_modules/") && link !== true && !integrity,
  );
  for (const [path, entry] of hashless) {
    const isForAnotherSystem = !(entry.os ?? []).includes("linux") || !(entry.cpu ?? []).includes("x64");
    expect({ path, ...entry }).toMatchObject({ path, dev: true, optional: true });
    expect(isForAnotherSystem || path.endsWith("-musl"), `${path} is installed by CI`).toBe(true);
  }
  const parents = hashless.map(([path, { version }]) => {
    const name = path.slice("node_modules/".length);
    const parent = Object.entries(packages).find(
      ([, { integrity, optionalDependencies = {} }]) =>
        integrity !== undefined && optionalDependencies[name] === version,
    );
    return parent?.[0].slice("node_modules/".length) ?? `nobody pins ${name}`;
  });
  const counts = Object.entries(Object.groupBy(parents, (name) => name)).map(
    ([name, list]) => [name, list?.length] as const,
  );
  for (const [name, count = 0] of counts)
    expect.soft(count, name).toBeLessThanOrEqual(WITHOUT_HASH[name] ?? 0);
});

// npm leaves out what the registry does not serve, and `npm ci` then refuses the lock. `npm run lock` adds it.
it("locks the platform packages of every system", () => {
  const { packages } = readJson<Lockfile>("package-lock.json");
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => /^\d/.test(version) && isPlatformPackage(name))
      .filter(
        ([name]) =>
          packages[`${path}/node_modules/${name}`] === undefined &&
          packages[`node_modules/${name}`] === undefined,
      )
      .map(([name]) => name),
  );
  expect(missing).toEqual([]);
});

function isPlatformPackage(name: string): boolean {
  return /(linux|darwin|win32|android|freebsd|wasm)/.test(name);
}
