export { type BrainstormOptions, createBrainstormWorkflow } from "./brainstorm-workflow.ts";
