import { expect, it } from "vitest";
import * as names from "../src/index.ts";

it("exports these names and no others", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "createGateway",
      "defineSink",
      "defineSource",
      "defineWorkflow",
      "openReadOnly",
      "restore",
      "silentLogger",
      "stderrLogger",
      "withInstructions",
    ]
  `);
});
