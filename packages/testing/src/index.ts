export { createMockLLM, type MockLLM } from "@atlas/llm/mock";
export { createFakeClock, type FakeClock } from "./clock.ts";
export type { FakeFault } from "./fake-model-server/fault.ts";
export type { FakeToolCall } from "./fake-model-server/protocol.ts";
export {
  createFakeModelServer,
  type FakeModelServer,
  type FakeReply,
  type FakeReplyTo,
  type FakeRequest,
} from "./fake-model-server/server.ts";
export { interruptSource, type SourceMoment } from "./interrupt-source.ts";
export { createRecordingSink, type RecordingSink } from "./recording-sink.ts";
export { createScriptedHarness, type ScriptedHarness, type ScriptedStep } from "./scripted-harness.ts";
export { createTestGateway } from "./test-gateway.ts";
