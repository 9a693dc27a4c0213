import { defineWorkflow } from "@atlas/gateway";
import { applyDiff } from "@atlas/harness";
import { z } from "zod";

/** What the person who is asked answers to the wait `approval`. */
export const approval = z.object({ approved: z.boolean() });

/**
 * Lets a coding agent propose a change, keeps the proposal as an artifact, waits until a person has decided, and applies the change if the
 * answer is yes. Nothing is asked twice: after a restart the job goes on where it was, in the middle of the wait, too.
 */
export const codeAssistWorkflow = defineWorkflow({
  id: "code-assist.v1",
  input: z.object({ goal: z.string(), folder: z.string() }),
  capabilities: ["harness"],
  timeoutMs: 35 * 60_000,
  async run(ctx, { goal, folder }) {
    const proposal = await ctx.step("propose", async () => {
      const { summary, outputs, truncated } = await ctx.harness.runTask({
        goal,
        cwd: folder,
        mode: "propose",
      });
      if (truncated === true)
        throw new Error("The proposal is too large to be applied. Give the agent a smaller goal.");
      const proposed = outputs.find((output) => output.type === "diff" && output.source === "workspace");
      if (proposed?.type !== "diff") return { summary };
      const artifact = {
        type: "code.diff.v1",
        title: goal,
        content_md: proposed.diff,
        data: { summary, folder },
      };
      return { summary, artifact_id: (await ctx.emitArtifact(artifact, { key: "proposal" })).id };
    });
    if (proposal.artifact_id === undefined) return { outcome: "nothing to change", files: [] };

    const answer = await ctx.wait("approval", { schema: approval, info: proposal });
    if (answer.status !== "received" || !answer.value.approved) return { outcome: "declined", files: [] };

    const diff = (await ctx.repo.getArtifact(proposal.artifact_id))?.content_md ?? "";
    // Applying it twice is harmless, so a crash in the middle is, too.
    const { files } = await applyDiff(diff, folder);
    return { outcome: "applied", files: files.map(({ path }) => path) };
  },
});
