import { expect, it } from "vitest";
import * as names from "../src/index.ts";

it("exports these names", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "RoutingError",
      "builtInHarnesses",
      "builtInModels",
      "createRouter",
      "defaultPolicy",
      "isRoutingError",
      "parseRoutingConfig",
      "systemClock",
    ]
  `);
});
