import type { StoreModule } from "@atlas/core";
import type { AnyExtension, GatewayOptions } from "@atlas/gateway";
import type { ServeOptions } from "@atlas/gateway/http";

/** What `atlas start` serves HTTP with, besides the gateway. The token comes from the environment variable `ATLAS_TOKEN`. */
export type HttpConfig = Omit<ServeOptions, "token">;

/** A gateway, and how the command line runs it: what `atlas.config.ts` exports. */
export type AtlasConfig<
  Modules extends readonly StoreModule[] = readonly StoreModule[],
  Extensions extends readonly AnyExtension[] = readonly AnyExtension[],
  HostServices extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
> = GatewayOptions<Modules, Extensions, HostServices> & {
  /**
   * Where `atlas start` listens, and whom it answers. `--host` and `--port` overrule it. Default: 127.0.0.1, port 4400. `false` serves no
   * HTTP: other commands then cannot talk to the running gateway.
   */
  readonly http?: HttpConfig | false;
};
