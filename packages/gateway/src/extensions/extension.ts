import type { Admit, JsonObject, StoreModule } from "@atlas/core";
import type { HarnessMiddleware } from "@atlas/harness";
import type { LLMMiddleware, LLMRuntime } from "@atlas/llm";
import type { Need, ServicesOf, SinkPlugin, SourcePlugin, WorkflowPlugin } from "@atlas/plugins";
import type { AroundAttempt } from "@atlas/routing";
import type { ObserveGatewayWork } from "../observe.ts";
import type { Route } from "./route.ts";
import type { ExtensionServices } from "./services.ts";

/** The state of an extension, with whatever else it wants to report. */
export type ExtensionReport = JsonObject & { readonly status: "ok" | "failing" };

/**
 * What an extension may bring. Every function gets the services of the gateway, typed by the extension's module, its `uses` and its
 * `needs`. Each of them is called once for a gateway, except `health`.
 */
export interface ExtensionParts<Services, Provided> {
  /** Plugins to add to those of the host. Default: none. */
  readonly sources?: readonly SourcePlugin[];
  readonly workflows?: readonly WorkflowPlugin[];
  readonly sinks?: readonly SinkPlugin[];
  /** Makes the service that plugins find in `ctx.services` under the extension's name. It must not wait; connect in `start`. */
  provide?(services: Services): Provided;
  /** Makes a hook that sees every command before it is queued. Extensions' hooks run in their order, then the host's. */
  admit?(services: Services): Admit;
  /** Makes a layer around every model call. The first extension is outermost; the host's `llmMiddleware` is inside all of them. */
  llm?(services: Services): LLMMiddleware;
  /**
   * Makes a layer around every attempt of a route: one call may try several candidates. The first extension is outermost. It has no
   * effect on a gateway with a single runtime as `llm`.
   */
  around?(services: Services): AroundAttempt<LLMRuntime>;
  /** Makes a layer around every call of a coding agent, in the same order. */
  harness?(services: Services): HarnessMiddleware;
  /**
   * Makes a hook around attempts at jobs, steps, deliveries, syncs and requests. It sees how each ended, and can change nothing; see
   * `Observe` of `@atlas/plugins`. The first extension is outermost.
   */
  observe?(services: Services): ObserveGatewayWork;
  /** Makes routes for the web server of the host, which finds them in `gateway.routes`. They open last and close first. */
  routes?(services: Services): readonly Route[];
  /**
   * Called by `gateway.start()` before any job, sync or delivery, one extension after the other. What it returns is disposed by
   * `gateway.stop()` after the runners have stopped, last extension first. Until then the extension may use everything in `services`.
   */
  start?(services: Services): Promise<AsyncDisposable | undefined>;
  /** The extension's entry in `gateway.health()`. If it throws, the entry says `failing`. Default: no entry. */
  health?(services: Services): ExtensionReport;
}

/** Any extension, as a gateway takes it. */
export interface AnyExtension extends ExtensionParts<never, object> {
  readonly name: string;
  readonly module?: StoreModule;
  readonly uses?: readonly StoreModule[];
  readonly needs?: readonly Need[];
}

/** An extension with what can be inferred from its definition. */
export type Extension<
  Name extends string,
  Module extends StoreModule,
  Provided extends object,
> = AnyExtension & {
  readonly name: Name;
} & ([Module] extends [never] ? unknown : { readonly module: Module }) &
  ([Provided] extends [never] ? unknown : { readonly provide: (services: never) => Provided });

/**
 * Types and returns an extension: one value that adds tables and commands, services, layers around commands, models and agents, plugins,
 * and work of its own to a gateway. Make it in a function that takes your options. `createGateway` checks it, and throws a `TypeError` that
 * names the wrong option; a function of it that throws is reported as `ATLAS_GATEWAY_EXTENSION_FAILED`.
 *
 * @example
 * ```ts
 * const greeter = defineExtension({
 *   name: "greeter",
 *   provide: ({ clock }) => ({ greet: (name: string) => `Hello ${name}, it is ${clock.now()}.` }),
 * });
 * const gateway = await createGateway({ database: ":memory:", extensions: [greeter] });
 * assert.match(gateway.services.greeter.greet("Ada"), /^Hello Ada/);
 * await gateway.stop();
 * ```
 */
export function defineExtension<
  const Name extends string,
  Module extends StoreModule = never,
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
  Provided extends object = never,
>(
  extension: {
    /** The extension's name, and that of the service it provides: letters and digits, beginning with a lower-case letter. */
    readonly name: Name;
    /** Tables, commands and queries to install. */
    readonly module?: Module;
    /** Modules of others whose commands it sends and whose queries it reads. They must be installed too. */
    readonly uses?: Uses;
    /** Services of the host, or of extensions that come before it. */
    readonly needs?: Needs;
  } & ExtensionParts<ExtensionServices<Module | Uses[number], ServicesOf<Needs>>, Provided>,
): Extension<Name, Module, Provided> {
  // The gateway passes to the functions what `module`, `uses` and `needs` of this object say.
  return extension as never;
}

/** The modules that extensions bring. */
export type ModuleOf<One> = One extends { readonly module: infer Module extends StoreModule }
  ? Module
  : never;

/** The services that extensions provide, by name. */
export type ProvidedBy<One extends AnyExtension> = {
  readonly [Each in Extract<One, Provider> as Each["name"]]: ServiceOf<Each["provide"]>;
};

// Not ReturnType: `any` fits no parameter of the type `never`.
type ServiceOf<Provide> = Provide extends (services: never) => infer Service ? Service : never;

interface Provider {
  readonly name: string;
  readonly provide: (services: never) => object;
}
