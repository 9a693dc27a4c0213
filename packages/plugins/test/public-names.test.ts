import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/plugins/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "Capability",
        "CronSchedule",
        "EventFilter",
        "EverySchedule",
        "FailedDelivery",
        "FailedDeliveryStatus",
        "JobAttempts",
        "JobProgress",
        "PluginContext",
        "PluginErrorCode",
        "PluginErrorDetails",
        "PluginServices",
        "PluginsModule",
        "PluginsTables",
        "RetryPolicy",
        "Schedule",
        "ScheduleKind",
        "SinkContext",
        "SinkHealth",
        "SinkLag",
        "SinkPlugin",
        "SourceCheck",
        "SourceCheckContext",
        "SourceContext",
        "SourceHealth",
        "SourcePlugin",
        "SourceSync",
        "Spread",
        "StepResult",
        "SyncOptions",
        "SyncResult",
        "Wait",
        "WaitFor",
        "WorkflowContext",
        "WorkflowContextWith",
        "WorkflowInsight",
        "WorkflowOptions",
        "WorkflowPlugin",
        "WorkflowRetry",
        "WorkflowSchedule",
      ],
      "values": [
        "PluginError",
        "defineSink",
        "defineSource",
        "defineWorkflow",
        "isPluginError",
        "pluginsModule",
      ],
    }
  `);
});

it("exports these names and no others for those who run plugins", () => {
  expect(publicNames("packages/plugins/src/runtime.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "AttemptLLM",
        "AttemptOutcome",
        "Delivery",
        "Fired",
        "JobRunner",
        "NextJobState",
        "PluginFailure",
        "PluginHost",
        "PluginRegistry",
        "PluginsCommand",
        "Scheduled",
        "Scheduler",
        "SourceRunner",
      ],
      "values": [
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
      ],
    }
  `);
});
