import type { WorkflowPlugin } from "@atlas/plugins";

// From the design document ("Adding a New Workflow"), letter by letter; the formatter leaves this folder alone.
export const myWorkflow: WorkflowPlugin = {
  id: "my-workflow.v1",
  async run(ctx, input, jobId) {
    // Query data
    const entities = ctx.repo.listEntities({ type: "..." });
    
    // Call LLM (with profile-based routing)
    const result = await ctx.llm.generateText({
      system: "...",
      prompt: "...",
      profile: "balanced", // or "fast" or "quality"
    });
    
    // Use harness for code changes (optional)
    if (ctx.harness) {
      const codeResult = await ctx.harness.runTask({
        goal: "Add error handling to main.ts",
        cwd: "./src",
        mode: "propose",
        profile: "quality",
      });
      // codeResult.outputs contains diffs, plans, or command logs
    }
    
    // Emit artifact
    ctx.emitArtifact({
      type: "my-workflow.output.v1",
      job_id: jobId,
      content_md: result.text,
      data: { schema_version: "1" },
    });
  }
};
