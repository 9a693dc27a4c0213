import type { Artifact } from "@atlas/core";
import { createLLM, type LLMOptions } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import type { WorkflowContext, WorkflowPlugin } from "../../../src/index.ts";
import type { openContext } from "./open-context.ts";

/** Runs one attempt of a workflow with the mock model; resolves with its artifacts and with what the model was asked. */
export async function runWorkflow(
  opened: Awaited<ReturnType<typeof openContext>>,
  workflow: WorkflowPlugin,
  options: { readonly input?: Record<string, unknown>; readonly jobId?: string } = {},
) {
  const { input = {}, jobId = "j1" } = options;
  const { commands, repo } = opened;
  const asked: LLMOptions[] = [];
  const mock = createMockLLM();
  let artifacts = 0;
  const { attempt, ...shared } = opened.sinkContext();
  const ctx: Partial<WorkflowContext> = {
    ...shared,
    attempt,
    llm: createLLM({
      generateText(question) {
        asked.push(question);
        return mock.generateText(question);
      },
    }),
    findArtifacts: (wanted) => repo.findArtifacts(wanted),
    async emitArtifact(artifact) {
      artifacts += 1;
      const id = `${jobId}:artifact:${artifacts}`;
      await commands.enqueue({ type: "artifact.create", artifact: { ...artifact, id, job_id: jobId } });
      return { id };
    },
  };
  // The workflows under test use nothing else of a context.
  await workflow.run(ctx as WorkflowContext, input, jobId);
  const emitted: readonly Artifact[] = (await repo.findArtifacts({ job_id: jobId })).items;
  return { asked, artifact: emitted[0], emitted };
}
