/** The services that a host provides to its plugins, by name. */
export type PluginServices = Readonly<Record<string, unknown>>;

/**
 * The name of a service, with its type. `needs: [agents]` types `ctx.services.agents`; the types are those that the token was made
 * with, so export the token next to the service's interface.
 */
export interface ServiceToken<Name extends string = string, Service = unknown> {
  readonly name: Name;
  /** Carries the type. It holds nothing. */
  readonly service?: Service;
}

/** What a plugin needs of its host: a service's token, or a bare name, whose service has the type `unknown`. */
export type Need = string | ServiceToken;

/**
 * Makes the token of a service.
 *
 * @example
 * ```ts
 * interface Greeter { greet(name: string): string }
 * const greeter = service<Greeter>()("greeter");
 * const hello = defineWorkflow({
 *   id: "hello.v1",
 *   needs: [greeter],
 *   run: async (ctx) => void ctx.emitArtifact({ type: "hello", content_md: ctx.services.greeter.greet("Ada") }),
 * });
 * assert.deepEqual(hello.needs, [{ name: "greeter" }]);
 * ```
 */
export function service<Service>() {
  return <const Name extends string>(name: Name): ServiceToken<Name, Service> => ({ name });
}

/** The services that a list of needs names. An empty list means any, as in a plugin that says nothing about its needs. */
export type ServicesOf<Needs extends readonly Need[]> = Needs extends readonly []
  ? PluginServices
  : { readonly [One in Needs[number] as NameOf<One>]: ServiceOf<One> };

type NameOf<One> = One extends ServiceToken<infer Name> ? Name : One & string;
type ServiceOf<One> = One extends ServiceToken<string, infer Service> ? Service : unknown;

/** The name of a need. */
export function nameOfNeed(need: Need): string {
  return typeof need === "string" ? need : need.name;
}
