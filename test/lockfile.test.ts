import { expect, it } from "vitest";
import { readJson, readText } from "./support/checkout.ts";

interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}
interface LockEntry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
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

it("holds the integrity hash of every package", () => {
  const { packages } = readJson<Lockfile>("package-lock.json");
  const fromRegistry = Object.entries(packages).filter(
    ([path, { link }]) => path.includes("node_modules/") && link !== true,
  );
  expect(fromRegistry.length).toBeGreaterThan(100);
  expect(fromRegistry.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
});

// npm leaves out what the registry does not serve, and `npm ci` then refuses the lock: docs/decisions/0025-lockfile.md.
it("locks the platform packages of every system", () => {
  const { packages } = readJson<Lockfile>("package-lock.json");
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([, version]) => /^\d/.test(version))
      .filter(
        ([name]) =>
          packages[`${path}/node_modules/${name}`] === undefined &&
          packages[`node_modules/${name}`] === undefined,
      )
      .map(([name]) => name),
  );
  expect(missing).toEqual([]);
});
