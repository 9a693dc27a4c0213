import type { Admit, Clock, Logger, Store } from "@atlas/core";
import type { HarnessMiddleware } from "@atlas/harness";
import { joinAround, type LLMMiddleware, type LLMRuntime } from "@atlas/llm";
import type { PluginServices } from "@atlas/plugins";
import { createObserver, messageOf, type Observer } from "@atlas/plugins/runtime";
import type { AroundAttempt } from "@atlas/routing";
import { type ExtensionPhase, extensionFailed } from "../errors.ts";
import type { GatewayWork } from "../observe.ts";
import type { AnyExtension, ExtensionReport } from "./extension.ts";
import { createExtensionLife, type ExtensionLife } from "./extension-life.ts";
import { checkRoutes, type GatewayRoute, openRoutes } from "./route.ts";
import { type ExtensionServices, type MadeParts, servicesFor } from "./services.ts";

/** What extensions add to one gateway, made step by step as the gateway is. */
export interface Installation {
  /** The hooks of the extensions. They can be handed to a store before they are made by `open`. */
  readonly admit: readonly Admit[];
  /** Hands out services and makes what the extensions bring. Throws the error that names the extension which failed. */
  open(store: Store, hostServices: PluginServices): Opened;
  /** Says that the gateway is made: from now on extensions may send commands and call models. */
  made(parts: MadeParts): void;
  /** Opens the routes, until the interruption of `life`. */
  serve(): void;
  readonly life: ExtensionLife;
  health(): readonly ({ readonly name: string } & ExtensionReport)[];
}

/** What the extensions of an open gateway have made. */
export interface Opened {
  /** Those of the host and those of the extensions, by name. */
  readonly services: PluginServices;
  /** The first one outermost. */
  readonly llm: readonly LLMMiddleware[];
  readonly around: AroundAttempt<LLMRuntime> | undefined;
  readonly harness: readonly HarnessMiddleware[];
  /** Nothing where no extension observes. */
  readonly observer: Observer<GatewayWork> | undefined;
  readonly routes: readonly GatewayRoute[];
}

/** The installation of these extensions, which were checked. */
export function createInstallation(
  extensions: readonly AnyExtension[],
  options: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly graceMs: number;
    readonly hasHarness: boolean;
  },
): Installation {
  const { log, hasHarness } = options;
  const over = new AbortController();
  const services = new Map<AnyExtension, ExtensionServices>();
  const hooks = new Map<AnyExtension, Admit>();
  let parts: MadeParts | undefined;
  let isServing = false;
  const life = createExtensionLife(
    extensions.flatMap((extension) =>
      extension.start === undefined
        ? []
        : [{ name: extension.name, start: async () => extension.start?.(servicesOf(extension)) }],
    ),
    options,
  );

  return {
    admit: extensions.flatMap((extension) =>
      extension.admit === undefined
        ? []
        : [
            (command, envelope) => {
              const hook = hooks.get(extension);
              // No command comes before the hooks are made. What a hook returns is core's to check.
              return hook === undefined ? command : hook(command, envelope);
            },
          ],
    ),
    open(store, hostServices) {
      const provided: Record<string, unknown> = { ...hostServices };
      for (const extension of extensions) {
        const { name } = extension;
        // A copy: an extension sees the services before it, as its `needs` were checked.
        const before = Object.freeze({ ...provided });
        services.set(
          extension,
          servicesFor(name, { store, log, services: before, signal: over.signal, hasHarness, made }),
        );
        const service = make(extension, "provide");
        if (service !== undefined) provided[name] = service;
      }
      for (const extension of extensions) {
        const hook = make(extension, "admit");
        if (hook !== undefined) hooks.set(extension, hook);
      }
      const llm = extensions.flatMap((extension) => make(extension, "llm") ?? []);
      const around = extensions.flatMap((extension) => make(extension, "around") ?? []);
      const harness = extensions.flatMap((extension) => make(extension, "harness") ?? []);
      const observe = extensions.flatMap((extension) => make(extension, "observe") ?? []);
      const routes = extensions.flatMap((extension) =>
        openRoutes(extension.name, make(extension, "routes") ?? [], () => isServing),
      );
      return {
        services: Object.freeze(provided),
        llm,
        around: around.length === 0 ? undefined : joinAround(around),
        harness,
        observer: createObserver(observe, log),
        routes,
      };
    },
    made(given) {
      parts = given;
    },
    serve() {
      isServing = !over.signal.aborted;
    },
    life: {
      ...life,
      interrupt(withinMs) {
        isServing = false;
        over.abort(new Error("The gateway is stopping."));
        life.interrupt(withinMs);
      },
    },
    health: () =>
      extensions.flatMap((extension) =>
        extension.health === undefined ? [] : [{ name: extension.name, ...report(extension) }],
      ),
  };

  function made(): MadeParts {
    if (parts !== undefined) return parts;
    throw new TypeError(
      "An extension used commands, jobs, llm or harness while the gateway was being made. Use them in start, or in functions that are called later.",
    );
  }

  function servicesOf(extension: AnyExtension): never {
    // Typed by the extension's own definition, which the list of extensions has erased.
    return services.get(extension) as never;
  }

  function make<Phase extends Exclude<ExtensionPhase, "start">>(
    extension: AnyExtension,
    phase: Phase,
  ): ReturnType<NonNullable<AnyExtension[Phase]>> | undefined {
    if (extension[phase] === undefined) return undefined;
    try {
      const result: unknown = extension[phase](servicesOf(extension));
      if (phase === "routes") checkRoutes(extension.name, result);
      else checkResult(phase, result);
      // Each of them is a function or a list of routes, as it was checked, or the service.
      return result as ReturnType<NonNullable<AnyExtension[Phase]>>;
    } catch (error) {
      throw extensionFailed(extension.name, phase, error);
    }
  }

  function report(extension: AnyExtension): ExtensionReport {
    try {
      const given = extension.health?.(servicesOf(extension));
      if (given?.status === "ok" || given?.status === "failing") return given;
      return { status: "failing", error: 'health did not return an object with status "ok" or "failing".' };
    } catch (error) {
      return { status: "failing", error: messageOf(error) };
    }
  }
}

function checkResult(phase: ExtensionPhase, result: unknown): void {
  if (phase !== "provide") {
    if (typeof result !== "function") throw new TypeError(`${phase} must return a function.`);
    return;
  }
  if (typeof result !== "object" || result === null)
    throw new TypeError("provide must return an object: the service.");
  if ("then" in result)
    throw new TypeError("provide must return the service itself, not a promise of it. Connect in start.");
}
