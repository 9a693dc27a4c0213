import { homedir } from "node:os";
import { expect, it } from "vitest";
import { readJson, readText, root, trackedFiles } from "./support/checkout.ts";

interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}
interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
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

// A registry that lags leaves them out, and then `npm ci` fails, or fails on other systems: `npm run lock` adds them.
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

it("tells nothing of the machine it was written on", () => {
  const home = "(?<![\\w.])/(?:home|Users)/(?!user\\b)[\\w.-]+/";
  const places = new RegExp([home, "(?<![\\w.])/roo[t]/\\w", "[A-Z]:[\\\\]+Users[\\\\]"].join("|"));
  const own = [root, homedir()].filter((path) => path.length > 1).map((path) => `${path}/`);
  const telling = trackedFiles().filter((file) => {
    const text = textOf(file);
    return places.test(text) || own.some((path) => text.includes(path));
  });
  expect(telling).toEqual([]);
});

function isPlatformPackage(name: string): boolean {
  return /(linux|darwin|win32|android|freebsd|wasm)/.test(name);
}

function textOf(file: string): string {
  try {
    return readText(file);
  } catch {
    // Deleted in the working tree.
    return "";
  }
}
