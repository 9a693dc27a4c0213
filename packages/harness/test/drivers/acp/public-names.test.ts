import { expect, it } from "vitest";
import { publicNames } from "../../../../../test/support/public-names.ts";

it("exports these names", () => {
  expect(publicNames("packages/harness/src/drivers/acp/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "AcpDriverOptions",
        "AcpPermission",
      ],
      "values": [
        "createAcpDriver",
      ],
    }
  `);
});
