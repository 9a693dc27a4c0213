import type { AnyExtension, Gateway, GatewayOptions } from "@atlas/gateway";
import type { ServeOptions } from "@atlas/gateway/http";
