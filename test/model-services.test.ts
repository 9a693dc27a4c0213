import { describe, expect, it } from "vitest";
import { builtInModels } from "../packages/routing/src/index.ts";
import { services, serviceTypes } from "../packages/routing/src/internal.ts";
import { readJson, readText } from "./support/checkout.ts";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** One row of the table in the guide. */
function rowOf(type: (typeof serviceTypes)[number]): readonly string[] {
  const {
    packageName,
    keyName,
    insteadOfKey,
    settings = {},
    kinds,
    candidates,
    needsBaseUrl,
  } = services[type];
  const names = Object.entries(candidates).map(([name, { model }]) =>
    model === undefined ? `\`${name}\` (set a \`model\`)` : `\`${name}\``,
  );
  const keys = [
    ...(keyName === undefined ? [] : [`\`${keyName}\``]),
    ...(insteadOfKey === undefined ? [] : [insteadOfKey.required.map((one) => `\`${one}\``).join(" and ")]),
  ];
  const needed = Object.entries(settings).flatMap(([key, source]) => {
    if ("isOptional" in source) return [];
    return source.variable === undefined ? [`\`${key}\``] : [`\`${key}\` or \`${source.variable}\``];
  });
  return [
    needsBaseUrl ? "any other, with a `base_url`" : names.join(", "),
    `\`${packageName}\``,
    needsBaseUrl ? "the variable in `api_key_env`" : keys.join(", or ") || "none",
    needed.join("; "),
    kinds.join(", "),
  ];
}

/** The rows of the table below a heading, without its head. */
function tableIn(path: string, heading: string): readonly (readonly string[])[] {
  const section = readText(path).split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("the table of services", () => {
  it("stands in the guide as it is", () => {
    expect(tableIn("docs/guides/models.md", "Built-in providers")).toEqual(serviceTypes.map(rowOf));
  });

  it("is what the JSON Schema accepts", () => {
    const schema = JSON.stringify(readJson("packages/routing/gateway.routing.schema.json"));
    expect(schema).toContain(`"enum":${JSON.stringify(serviceTypes)}`);
  });

  it("names packages that are optional peers, and are installed for the tests", () => {
    const manifest = readJson<Manifest>("packages/llm/package.json");
    const names = [...new Set(serviceTypes.map((type) => services[type].packageName))].sort();
    const peers = Object.keys(manifest.peerDependencies).filter((name) => name.startsWith("@ai-sdk/"));
    expect(peers.sort()).toEqual(names);
    for (const name of names) {
      expect(manifest.peerDependenciesMeta[name], name).toEqual({ optional: true });
      expect(manifest.devDependencies[name], name).toBeDefined();
      expect(manifest.dependencies[name], name).toBeUndefined();
    }
  });

  it("has the names that the routing guide lists", () => {
    const [, listed = ""] =
      /\*\*Built-in candidates\*\*: ([^.]*)\./.exec(readText("docs/guides/routing.md")) ?? [];
    const names = [...listed.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(names).toEqual(builtInModels);
  });
});
