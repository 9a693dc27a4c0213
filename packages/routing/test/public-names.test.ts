import { expect, it } from "vitest";
import * as names from "../src/index.ts";

it("exports these names", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "RoutingError",
      "builtInHarnesses",
      "builtInModels",
      "candidatesOf",
      "circuitAfter",
      "circuitState",
      "closedCircuit",
      "createRouter",
      "defaultPolicy",
      "didYouMean",
      "nearestName",
      "nextMove",
      "parseRoutingConfig",
      "profileName",
      "providerTypes",
      "routingConfigSchema",
      "routingJsonSchema",
      "systemClock",
    ]
  `);
});
