export { type TracingOptions, withTracing } from "./with-tracing.ts";
