import { didYouMean, nearestName } from "@atlas/core/internal";
import { PluginError } from "./errors.ts";
import { checkSink, checkSource, checkWorkflow } from "./plugin-check.ts";
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
  /** Throws `ATLAS_PLUGINS_SINK_UNKNOWN`. */
  sink(id: string): SinkPlugin;
  readonly sources: ReadonlyMap<string, SourcePlugin>;
  readonly workflows: ReadonlyMap<string, WorkflowPlugin>;
  readonly sinks: ReadonlyMap<string, SinkPlugin>;
}

const PLUGIN_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/;

/** An empty registry. Registering throws a `TypeError` for an invalid or repeated id and for invalid options. */
export function createPluginRegistry(): PluginRegistry {
  const sources = new Map<string, SourcePlugin>();
  const workflows = new Map<string, WorkflowPlugin>();
  const sinks = new Map<string, SinkPlugin>();

  return {
    registerSource: (source) =>
      register({ kind: "source", method: "sync", check: checkSource }, sources, source),
    registerWorkflow: (workflow) =>
      register({ kind: "workflow", method: "run", check: checkWorkflow }, workflows, workflow),
    registerSink: (sink) => register({ kind: "sink", method: "handle", check: checkSink }, sinks, sink),
    source: (id) => found("source", "ATLAS_PLUGINS_SOURCE_UNKNOWN", id, sources),
    workflow: (id) => found("workflow", "ATLAS_PLUGINS_WORKFLOW_UNKNOWN", id, workflows),
    sink: (id) => found("sink", "ATLAS_PLUGINS_SINK_UNKNOWN", id, sinks),
    sources,
    workflows,
    sinks,
  };
}

function register<
  Method extends string,
  Plugin extends { readonly id: string } & Readonly<Record<Method, unknown>>,
>(
  rules: { readonly kind: string; readonly method: Method; readonly check: (plugin: Plugin) => void },
  plugins: Map<string, Plugin>,
  plugin: Plugin,
): void {
  const { kind, method, check } = rules;
  if (typeof plugin !== "object" || plugin === null)
    throw new TypeError(
      `A ${kind} must be an object with an id and a ${method} method; got ${String(plugin)}.`,
    );
  const { id } = plugin;
  if (typeof id !== "string" || !PLUGIN_ID.test(id)) {
    throw new TypeError(
      `A ${kind}'s id must have 1 to 100 letters, digits or ._:/- and start with a letter or digit, such as "git" or "digest.v1"; got ${JSON.stringify(id)}.${better(id)}`,
    );
  }
  if (typeof plugin[method] !== "function")
    throw new TypeError(`The ${kind} "${id}" has no ${method} method.${rename(method, plugin)}`);
  if (plugins.has(id)) throw new TypeError(`Two ${kind}s have the id "${id}". Give each its own id.`);
  check(plugin);
  plugins.set(id, plugin);
}

/** A valid id that is close to the wrong one. */
function better(id: unknown): string {
  if (typeof id !== "string") return "";
  const fitting = id
    .trim()
    .replaceAll(/[^A-Za-z0-9._:/-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .replace(/-+$/, "")
    .slice(0, 100);
  return PLUGIN_ID.test(fitting) ? ` Write "${fitting}".` : "";
}

/** The plugin's own method that was probably meant. */
function rename(method: string, plugin: object): string {
  const methods = Object.entries(plugin).flatMap(([name, value]) =>
    typeof value === "function" ? [name] : [],
  );
  const nearest = nearestName(method, methods);
  return nearest === undefined ? "" : ` Rename its "${nearest}".`;
}

function found<Plugin>(
  kind: string,
  code: "ATLAS_PLUGINS_SOURCE_UNKNOWN" | "ATLAS_PLUGINS_WORKFLOW_UNKNOWN" | "ATLAS_PLUGINS_SINK_UNKNOWN",
  id: string,
  known: ReadonlyMap<string, Plugin>,
): Plugin {
  const plugin = known.get(id);
  if (plugin !== undefined) return plugin;
  const names = [...known.keys()];
  const nearest = nearestName(String(id), names);
  const list = names.length === 0 ? `No ${kind} is registered.` : `Registered: ${names.join(", ")}.`;
  throw new PluginError(
    code,
    { id, ...(nearest === undefined ? {} : { nearest }) },
    `No ${kind} has the id "${id}".${didYouMean(String(id), names)} ${list}`,
  );
}
