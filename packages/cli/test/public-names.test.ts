import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";
import { defineConfig } from "../src/index.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/cli/src/index.ts")).toEqual({
    values: ["defineConfig", "runAtlas"],
    types: ["AtlasConfig", "Host", "HttpConfig"],
  });
});

it("checks a configuration by its types", () => {
  const config = { database: "data/atlas.db", http: { port: 4400 } } as const;
  expect(defineConfig(config)).toBe(config);
  // @ts-expect-error the name is wrong
  defineConfig({ database: "data/atlas.db", htpp: false });
});
