import type { HarnessMiddleware } from "@atlas/harness";
import { context, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { endSpan } from "./end-span.ts";

/** A span around every task that an agent is given. What the agent was asked and has said is recorded only where content is. */
export function tracedHarness(tracer: Tracer, recordContent: boolean): HarnessMiddleware {
  return (next) => ({
    async runTask(task) {
      const span = tracer.startSpan("atlas.agent.run", {
        kind: SpanKind.INTERNAL,
        attributes: {
          "gen_ai.operation.name": "invoke_agent",
          "atlas.agent.mode": task.mode ?? "propose",
          ...(task.profile === undefined ? {} : { "atlas.agent.profile": task.profile }),
          ...(recordContent ? { "atlas.agent.goal": task.goal } : {}),
        },
      });
      try {
        const result = await context.with(trace.setSpan(context.active(), span), () => next.runTask(task));
        const { harness, usage, degraded, files } = result;
        if (harness !== undefined) span.setAttribute("gen_ai.agent.name", harness);
        if (usage?.inputTokens !== undefined)
          span.setAttribute("gen_ai.usage.input_tokens", usage.inputTokens);
        if (usage?.outputTokens !== undefined)
          span.setAttribute("gen_ai.usage.output_tokens", usage.outputTokens);
        if (degraded === true) span.setAttribute("atlas.agent.degraded", true);
        if (files !== undefined) span.setAttribute("atlas.agent.files", files.length);
        endSpan(span, { status: "succeeded" }, recordContent);
        return result;
      } catch (error) {
        endSpan(span, { status: "failed", error }, recordContent);
        throw error;
      }
    },
  });
}
