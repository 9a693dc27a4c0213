import { CoreError, type DomainEvent, type JsonObject } from "@atlas/core";
import { defineSink, type SinkPlugin } from "../contract/sink.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { checkedJob } from "../jobs/job-input.ts";
import { type PluginsModule, pluginsModule } from "../module/plugins-module.ts";
import type { Batches } from "./batches.ts";
import { collectInput } from "./collect-input.ts";

const PREFIX = "$on:";

/** The id under which delivery keeps the place of a workflow's trigger. No sink can have it. */
function triggerId(workflowId: string): string {
  return `${PREFIX}${workflowId}`;
}

/** The triggers of these workflows, for the delivery. */
export function triggersOf(
  workflows: Iterable<WorkflowPlugin>,
  batches: Pick<Batches, "put">,
): readonly SinkPlugin[] {
  return [...workflows]
    .filter(({ on }) => on !== undefined)
    .map((workflow) => createTrigger(workflow, batches));
}

/**
 * A sink that creates a job for each event. The place of the trigger moves in the unit that creates the job, so an event that is delivered
 * again has its job, or is not delivered at all: each event has exactly one, whatever is killed in between.
 */
function createTrigger(workflow: WorkflowPlugin, batches: Pick<Batches, "put">): SinkPlugin {
  const { id: workflow_id, on = [] } = workflow;
  const sink_id = triggerId(workflow_id);
  return defineSink<readonly [PluginsModule]>({
    id: sink_id,
    on,
    uses: [pluginsModule],
    async handle(event, ctx) {
      const { id, seq: event_seq } = event;
      const input = workflow.inputOf === undefined ? describe(event) : workflow.inputOf(event);
      const passed = [
        { type: "plugins.sink.advance", sink_id, event_seq },
        // Of an event that failed before.
        { type: "plugins.sink.settle", sink_id, event_seqs: [event_seq] },
      ] as const;
      if (workflow.batch !== undefined) {
        const collected = await collectInput(workflow, workflow.batch, input);
        // The id stands for the event, so that its input comes into no second batch.
        const envelope = { command_id: `${id}:${workflow_id}` };
        await batches.put([collected], async (commands) => {
          const answer = await ctx.commands.attemptAll([...commands, ...passed], envelope);
          if (!("refuse" in answer) || answer.refuse === "ATLAS_CORE_COMMAND_ID_REUSED") return;
          throw new CoreError(answer.refuse, answer.details ?? {}, answer.message);
        });
        return;
      }
      const job = await checkedJob(workflow, { id: `${id}:${workflow_id}`, workflow_id, input });
      await ctx.commands.enqueueAll([{ type: "job.create", job }, ...passed]);
    },
  });
}

/** The input of a workflow that does not make its own. */
function describe({ id, type, aggregate_id, payload }: DomainEvent): JsonObject {
  return { event_id: id, type, ...(aggregate_id === undefined ? {} : { aggregate_id }), payload };
}

/** What a place of delivery belongs to, in words. */
export function ownerOfPlace(id: string): string {
  return id.startsWith(PREFIX) ? `workflow "${id.slice(PREFIX.length)}" with its "on"` : `sink "${id}"`;
}
