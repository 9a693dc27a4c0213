import { expect, it } from "vitest";
import * as names from "../src/index.ts";
import * as runtime from "../src/runtime.ts";

it("exports these names and no others", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "PluginError",
      "defineSink",
      "defineSource",
      "defineWorkflow",
      "isPluginError",
      "pluginsModule",
    ]
  `);
});

it("exports these names and no others for those who run plugins", () => {
  expect(Object.keys(runtime).sort()).toMatchInlineSnapshot(`
    [
      "MAX_EVENT_DEPTH",
      "MAX_STEP_BYTES",
      "checkCapabilities",
      "checkOptions",
      "createDelivery",
      "createJobAdmission",
      "createJobRunner",
      "createPluginRegistry",
      "createScheduler",
      "createSourceRunner",
      "isJobOver",
      "nextJobState",
      "readFailure",
      "readJobInput",
      "scheduleOfWorkflow",
    ]
  `);
});
