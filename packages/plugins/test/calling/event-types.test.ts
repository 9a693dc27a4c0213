import {
  type CoreModule,
  type DomainEvent,
  defineCommand,
  defineModule,
  type EventOf,
  events,
  isEvent,
  type JsonObject,
} from "@atlas/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  defineSink,
  defineWorkflow,
  type EventFilter,
  reactor,
  type SinkPlugin,
  type WorkflowContext,
} from "../../src/index.ts";

interface ShopEvents {
  readonly "shop.paid": { readonly aggregate_id: string; readonly payload: { readonly cents: number } };
  readonly "shop.closed": { readonly payload: { readonly until: string } };
}
const shop = defineModule({
  name: "shop",
  version: 1,
  migrations: {},
  events: events<ShopEvents>(),
  commands: {
    "shop.close": defineCommand<unknown, ShopEvents>()({
      schema: z.object({ until: z.string() }),
      apply: ({ until }, change) => change.emit({ type: "shop.closed", payload: { until } }),
    }),
  },
});

describe("the event of a sink", () => {
  it("is the union of the types that `on` names, and its type narrows it", () => {
    const sink = defineSink({
      id: "typed",
      on: ["artifact.created", { type: "job.failed", payload: { attempt: 1 } }],
      async handle(event) {
        expectTypeOf(event).toEqualTypeOf<EventOf<CoreModule, "artifact.created" | "job.failed">>();
        expectTypeOf(event.type).toEqualTypeOf<"artifact.created" | "job.failed">();
        expectTypeOf(event.aggregate_id).toEqualTypeOf<string>();
        // @ts-expect-error only artifacts have it
        void event.payload.job_id;
        if (event.type === "artifact.created") {
          expectTypeOf(event.payload.type).toEqualTypeOf<string>();
          expectTypeOf(event.payload.job_id).toEqualTypeOf<string | undefined>();
          // @ts-expect-error a failed job has it
          void event.payload.error;
        } else expectTypeOf(event.payload.error).toEqualTypeOf<JsonObject | undefined>();
        // @ts-expect-error a type that `on` does not name
        if (event.type === "job.created") throw new Error(event.id);
      },
    });
    expectTypeOf(sink).toEqualTypeOf<SinkPlugin>();
    expect(sink.on).toHaveLength(2);
  });

  it("is one of all the declared types below a pattern", () => {
    const sink = defineSink({
      id: "jobs",
      on: ["job.*"],
      async handle(event) {
        switch (event.type) {
          case "job.created":
            expectTypeOf(event.payload.workflow_id).toEqualTypeOf<string>();
            break;
          case "job.requeued":
            expectTypeOf(event.payload.run_at).toEqualTypeOf<string | undefined>();
            break;
          case "job.started":
          case "job.succeeded":
          case "job.failed":
          case "job.cancelled":
            expectTypeOf(event.payload.attempt).toEqualTypeOf<number | undefined>();
            break;
          default:
            event satisfies never;
        }
      },
    });
    expect(sink.on).toEqual(["job.*"]);
  });

  it("is typed by the modules that the sink uses, and by no others", () => {
    const typed = defineSink({
      id: "shop",
      uses: [shop],
      on: ["shop.*", "artifact.deleted"],
      async handle(event) {
        if (event.type === "shop.paid") expectTypeOf(event.payload.cents).toEqualTypeOf<number>();
        else if (event.type === "shop.closed")
          expectTypeOf(event.aggregate_id).toEqualTypeOf<string | undefined>();
        else expectTypeOf(event.payload.job_id).toEqualTypeOf<string | undefined>();
      },
    });
    const untyped = defineSink({
      id: "stranger",
      on: ["shop.paid", "host.said", "job.failed"],
      async handle(event) {
        if (event.type === "job.failed") expectTypeOf(event.aggregate_id).toEqualTypeOf<string>();
        else expectTypeOf(event).toEqualTypeOf<DomainEvent<"shop.paid"> | DomainEvent<"host.said">>();
      },
    });
    expect([typed.uses, untyped.uses]).toEqual([[shop], undefined]);
  });

  it("is any event without `on`, and where the compiler does not know what `on` names", () => {
    const on: readonly (string | EventFilter)[] = ["job.failed"];
    const open = defineSink({
      id: "open",
      async handle(event) {
        expectTypeOf(event).toEqualTypeOf<DomainEvent>();
        if (isEvent(event, "job.failed"))
          expectTypeOf(event.payload.error).toEqualTypeOf<JsonObject | undefined>();
        if (isEvent(event, "shop.paid", shop)) expectTypeOf(event.payload.cents).toEqualTypeOf<number>();
      },
    });
    const late = defineSink({
      id: "late",
      on,
      handle: async (event) => void expectTypeOf(event).toEqualTypeOf<DomainEvent>(),
    });
    const explicit = defineSink<readonly [typeof shop]>({
      id: "explicit",
      uses: [shop],
      on: ["shop.paid", { type: "shop.closed" }],
      handle: async (event) => void expectTypeOf(event).toEqualTypeOf<DomainEvent>(),
    });
    const given = async (event: DomainEvent): Promise<void> => void event.payload["x"];
    const shared = defineSink({ id: "shared", on: ["job.failed", "host.*"], handle: given });
    expect([open, late, explicit, shared].map(({ id }) => id)).toEqual([
      "open",
      "late",
      "explicit",
      "shared",
    ]);
  });
});

it("types the event of a reactor in the same way", () => {
  const answer = reactor({
    id: "answer",
    uses: [shop],
    on: ["artifact.deleted", "shop.closed"],
    handle(event) {
      expectTypeOf(event.type).toEqualTypeOf<"artifact.deleted" | "shop.closed">();
      if (event.type === "artifact.deleted") return [];
      return [{ type: "shop.close", until: event.payload.until }];
    },
  });
  const open = reactor({
    id: "open",
    handle(event) {
      expectTypeOf(event).toEqualTypeOf<DomainEvent>();
      return [];
    },
  });
  expectTypeOf(answer).toEqualTypeOf<SinkPlugin>();
  expect([answer.on, open.on]).toEqual([["artifact.deleted", "shop.closed"], undefined]);
});

it("types the event of a workflow's inputOf in the same way", () => {
  const workflow = defineWorkflow({
    id: "index.v1",
    uses: [shop],
    on: ["artifact.created", { type: "shop.paid" }],
    input: z.object({ of: z.string(), cents: z.number() }),
    inputOf(event) {
      if (event.type === "shop.paid") return { of: event.aggregate_id, cents: event.payload.cents };
      // @ts-expect-error an artifact has no cents
      void event.payload.cents;
      return { of: event.payload.type, cents: 0 };
    },
    run: async () => undefined,
  });
  const paid = { type: "shop.paid", aggregate_id: "o1", payload: { cents: 5 } };
  expect(workflow.inputOf?.(paid as never)).toEqual({ of: "o1", cents: 5 });
});

it("types the event that a workflow waits for", () => {
  const wait = async (ctx: WorkflowContext<typeof shop>): Promise<void> => {
    const paid = await ctx.waitForEvent("paid", { type: "shop.paid", aggregate_id: "o1" });
    if (paid.status === "received") expectTypeOf(paid.event.payload.cents).toEqualTypeOf<number>();
    const any: EventFilter = { type: "job.failed" };
    const waited = await ctx.waitForEvent("any", any);
    if (waited.status === "received") expectTypeOf(waited.event).toEqualTypeOf<DomainEvent>();
  };
  expectTypeOf(wait).toBeFunction();
});
