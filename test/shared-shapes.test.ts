import type { Clock as CoreClock, Logger as CoreLogger } from "@atlas/core";
import type { Clock as RoutingClock, Logger as RoutingLogger } from "@atlas/routing";
import { expectTypeOf, it } from "vitest";

it("lets core's and routing's clocks and loggers stand for each other", () => {
  expectTypeOf<CoreClock>().toExtend<RoutingClock>();
  expectTypeOf<RoutingClock>().toExtend<CoreClock>();
  expectTypeOf<CoreLogger>().toExtend<RoutingLogger>();
  expectTypeOf<RoutingLogger>().toExtend<CoreLogger>();
});
