import { expect, it } from "vitest";
import * as names from "../src/index.ts";

it("exports these names and no others", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "MAX_EVENT_DEPTH",
      "MAX_STEP_BYTES",
      "PluginError",
      "checkCapabilities",
      "createDelivery",
      "createJobAdmission",
      "createJobRunner",
      "createPluginRegistry",
      "createScheduler",
      "createSourceRunner",
      "defineSink",
      "defineSource",
      "defineWorkflow",
      "isJobOver",
      "nextJobState",
      "pluginsModule",
      "readFailure",
      "readJobInput",
      "retryDelayMs",
      "scheduleOfWorkflow",
    ]
  `);
});
