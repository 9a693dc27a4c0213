export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export { interruptSource, type SourceMoment } from "./interrupt-source.ts";
export { createRecordingSink, type RecordingSink } from "./recording-sink.ts";
export { createTestGateway } from "./test-gateway.ts";
