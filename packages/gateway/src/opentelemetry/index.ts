export { type ObservedGateway, type ObserveGatewayOptions, observeGateway } from "./observe-gateway.ts";
export { traceContext } from "./tracing/traceparent.ts";
export { type GatewayTracingOptions, tracing } from "./tracing/tracing.ts";
