import { didYouMean, nearestName } from "@atlas/core";
import { PluginError } from "./errors.ts";
import type { SinkPlugin } from "./sink.ts";
import type { SourcePlugin } from "./source.ts";
import type { WorkflowPlugin } from "./workflow.ts";

/** The plugins of one gateway, by id. */
export interface PluginRegistry {
  registerSource(source: SourcePlugin): void;
  registerWorkflow(workflow: WorkflowPlugin): void;
  registerSink(sink: SinkPlugin): void;
  /** Throws `ATLAS_PLUGINS_SOURCE_UNKNOWN`. */
  source(id: string): SourcePlugin;
  /** Throws `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`. */
  workflow(id: string): WorkflowPlugin;
  readonly sources: ReadonlyMap<string, SourcePlugin>;
  readonly workflows: ReadonlyMap<string, WorkflowPlugin>;
  readonly sinks: ReadonlyMap<string, SinkPlugin>;
}

const PLUGIN_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/;

/** An empty registry. A wrong or doubled id is a `TypeError`. */
export function createPluginRegistry(): PluginRegistry {
  const sources = new Map<string, SourcePlugin>();
  const workflows = new Map<string, WorkflowPlugin>();
  const sinks = new Map<string, SinkPlugin>();

  return {
    registerSource: (source) => register("source", "sync", sources, source),
    registerWorkflow: (workflow) => register("workflow", "run", workflows, workflow),
    registerSink: (sink) => register("sink", "handle", sinks, sink),
    source(id) {
      const source = sources.get(id);
      if (source !== undefined) return source;
      throw new PluginError(
        "ATLAS_PLUGINS_SOURCE_UNKNOWN",
        unknownId(id, sources),
        notRegistered("source", id, sources),
      );
    },
    workflow(id) {
      const workflow = workflows.get(id);
      if (workflow !== undefined) return workflow;
      const message = notRegistered("workflow", id, workflows);
      throw new PluginError("ATLAS_PLUGINS_WORKFLOW_UNKNOWN", unknownId(id, workflows), message);
    },
    sources,
    workflows,
    sinks,
  };
}

function register<
  Method extends string,
  Plugin extends { readonly id: string } & Readonly<Record<Method, unknown>>,
>(kind: string, method: Method, plugins: Map<string, Plugin>, plugin: Plugin): void {
  const { id } = plugin;
  if (typeof id !== "string" || !PLUGIN_ID.test(id)) {
    throw new TypeError(
      `A ${kind}'s id is 1 to 100 letters, digits and ._:/- and starts with a letter or digit, such as "git" or "digest.v1"; got ${JSON.stringify(id)}.`,
    );
  }
  if (typeof plugin[method] !== "function")
    throw new TypeError(`The ${kind} "${id}" has no ${method} method.`);
  if (plugins.has(id)) throw new TypeError(`Two ${kind}s have the id "${id}"; each needs its own.`);
  plugins.set(id, plugin);
}

function unknownId(
  id: string,
  known: ReadonlyMap<string, unknown>,
): { readonly id: string; readonly nearest?: string } {
  const nearest = nearestName(id, [...known.keys()]);
  return { id, ...(nearest === undefined ? {} : { nearest }) };
}

function notRegistered(kind: string, id: string, known: ReadonlyMap<string, unknown>): string {
  const names = [...known.keys()];
  const list = names.length === 0 ? `No ${kind} is registered.` : `Registered: ${names.join(", ")}.`;
  return `No ${kind} has the id "${id}".${didYouMean(id, names)} ${list}`;
}
