import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names", () => {
  expect(publicNames("packages/harness/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "HarnessCommand",
        "HarnessCost",
        "HarnessMiddleware",
        "HarnessOutput",
        "HarnessRefusal",
        "HarnessResult",
        "HarnessRuntime",
        "HarnessTask",
        "HarnessUsage",
      ],
      "values": [
        "applyHarnessMiddleware",
      ],
    }
  `);
});
