export type { PluginContext, PluginHost } from "./context.ts";
export { createDelivery, type Delivery } from "./delivery.ts";
export { PluginError, type PluginErrorCode, type PluginErrorDetails } from "./errors.ts";
export { createJobRunner, type JobRunner } from "./job-runner.ts";
export { type AttemptOutcome, jobError, type NextJobState, nextJobState } from "./job-state.ts";
export {
  type PluginsCommand,
  type PluginsModule,
  type PluginsTables,
  pluginsModule,
} from "./plugins-module.ts";
export { createPluginRegistry, type PluginRegistry } from "./registry.ts";
export { defineSink, type SinkContext, type SinkPlugin } from "./sink.ts";
export { defineSource, type SourceContext, type SourcePlugin } from "./source.ts";
export { createSourceRunner, type SourceRunner } from "./source-runner.ts";
export { defineWorkflow, type WorkflowContext, type WorkflowPlugin } from "./workflow.ts";
