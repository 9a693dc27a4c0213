import type { Clock as CoreClock, Logger as CoreLogger, Refusal } from "@atlas/core";
import type { HarnessRefusal } from "@atlas/harness";
import type { Clock as RoutingClock, Logger as RoutingLogger } from "@atlas/routing";
import { expectTypeOf, it } from "vitest";

it("lets core's and routing's clocks and loggers stand for each other", () => {
  expectTypeOf<CoreClock>().toExtend<RoutingClock>();
  expectTypeOf<RoutingClock>().toExtend<CoreClock>();
  expectTypeOf<CoreLogger>().toExtend<RoutingLogger>();
  expectTypeOf<RoutingLogger>().toExtend<CoreLogger>();
});

it("lets a refusal of core forbid a command of an agent", () => {
  expectTypeOf<Refusal>().toExtend<HarnessRefusal>();
  expectTypeOf<HarnessRefusal>().toExtend<Refusal>();
});
