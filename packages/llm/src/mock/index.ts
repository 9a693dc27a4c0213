export { createMockLLM, type MockLLM, type MockStep } from "./mock.ts";
