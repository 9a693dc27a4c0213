export { createDigestWorkflow, type DigestOptions } from "./digest-workflow.ts";
