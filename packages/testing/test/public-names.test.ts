import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/testing/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "FakeClock",
        "FakeFault",
        "FakeModelServer",
        "FakeReply",
        "FakeReplyTo",
        "FakeRequest",
        "FakeToolCall",
        "MockLLM",
        "RecordingSink",
        "ScriptedHarness",
        "ScriptedStep",
        "SourceMoment",
      ],
      "values": [
        "createFakeClock",
        "createFakeModelServer",
        "createMockLLM",
        "createRecordingSink",
        "createScriptedHarness",
        "createTestGateway",
        "interruptSource",
      ],
    }
  `);
});

it("exports these names under its subpath contract", () => {
  expect(publicNames("packages/testing/src/contract/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "SinkContractOptions",
        "SinkWorld",
        "SourceContractOptions",
        "SourceWorld",
      ],
      "values": [
        "sinkContract",
        "sourceContract",
      ],
    }
  `);
});
