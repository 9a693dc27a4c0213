import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names", () => {
  expect(publicNames("packages/harness/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "AgentDetails",
        "AgentEnvironmentSources",
        "FindOptions",
        "HarnessAvailability",
        "HarnessCommand",
        "HarnessConflict",
        "HarnessCost",
        "HarnessDriver",
        "HarnessErrorCode",
        "HarnessErrorDetails",
        "HarnessEvent",
        "HarnessHost",
        "HarnessMiddleware",
        "HarnessMode",
        "HarnessOutput",
        "HarnessRefusal",
        "HarnessResult",
        "HarnessRun",
        "HarnessRunResult",
        "HarnessRuntime",
        "HarnessTask",
        "HarnessUsage",
        "OwnedProcesses",
        "OwnedProcessesOptions",
        "Program",
        "ProgramEnd",
        "ReapOptions",
        "ReapedRuns",
        "Roots",
        "RunningProgram",
        "UnnamedHarnessEvent",
      ],
      "values": [
        "HarnessError",
        "agentEnvironment",
        "applyHarnessMiddleware",
        "createOwnedProcesses",
        "createRoots",
        "isHarnessError",
        "reapLeftOvers",
      ],
    }
  `);
});
