import { expect, it } from "vitest";
import * as contract from "../src/contract/index.ts";
import * as names from "../src/index.ts";

it("exports these names and no others", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "createFakeClock",
      "createFakeModelServer",
      "createRecordingSink",
      "createTestGateway",
      "interruptSource",
    ]
  `);
});

it("exports these names under its subpath contract", () => {
  expect(Object.keys(contract).sort()).toEqual(["sinkContract", "sourceContract"]);
});
