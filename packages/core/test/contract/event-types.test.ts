import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type AggregateEvent,
  type AnyEvents,
  type Change,
  type CoreEvents,
  type CoreModule,
  type DomainEvent,
  defineCommand,
  defineModule,
  type EventOf,
  type EventsMarker,
  events,
  isEvent,
  type JsonObject,
  type NewEventOf,
  planOf,
} from "../../src/index.ts";
import type { lab } from "../support/lab.ts";

interface ShopEvents {
  readonly "shop.order.paid": {
    readonly aggregate_id: string;
    readonly payload: { readonly cents: number; readonly note?: string };
  };
  readonly "shop.order.sent": { readonly aggregate_id: string };
  readonly "shop.closed": { readonly payload: { readonly until: string } };
}

const command = defineCommand<unknown, ShopEvents>();
const pay = command({
  schema: z.object({ id: z.string(), cents: z.number() }),
  apply: ({ id, cents }, change) =>
    change.emit({ type: "shop.order.paid", aggregate_id: id, payload: { cents } }),
});
const close = command({ schema: z.object({}), apply: () => undefined });
const base = { name: "shop", version: 1, migrations: {} } as const;
const shop = defineModule({
  ...base,
  events: events<ShopEvents>(),
  commands: { "shop.pay": pay, "shop.close": close },
});
type Shop = typeof shop;

function eventOf(type: string): DomainEvent {
  const created_at = "2026-11-21T09:00:00.000Z";
  return { id: "evt_k3v9x0ab_1", seq: 1, type, payload: {}, command_seq: 1, depth: 0, created_at };
}

/** Never called. Only the compiler checks its body. */
function refusedByTheCompiler(change: Change<unknown, NewEventOf<ShopEvents>>): void {
  change.emit({ type: "shop.order.sent", aggregate_id: "o1" });
  change.emit({ type: "shop.order.sent", aggregate_id: "o1", created_at: "2026-11-21T09:00:00.000Z" });
  change.emit({ type: "shop.closed", payload: { until: "noon" } });
  // @ts-expect-error an event that the module does not declare
  change.emit({ type: "shop.order.payed", aggregate_id: "o1", payload: { cents: 1 } });
  // @ts-expect-error an event of core
  change.emit({ type: "job.created", aggregate_id: "j1", payload: { workflow_id: "w" } });
  // @ts-expect-error a payload of another type
  change.emit({ type: "shop.order.paid", aggregate_id: "o1", payload: { cents: "1" } });
  // @ts-expect-error without the payload that is declared
  change.emit({ type: "shop.order.paid", aggregate_id: "o1" });
  // @ts-expect-error without the aggregate that is declared
  change.emit({ type: "shop.order.sent" });

  const open = defineCommand<unknown>()({ schema: z.object({}), apply: () => undefined });
  // @ts-expect-error a handler that may emit more than the module declares
  defineModule({ ...base, events: events<ShopEvents>(), commands: { "shop.x": open } });
  // A module that declares none takes every handler.
  defineModule({ ...base, commands: { "shop.x": open, "shop.pay": pay } });
  // @ts-expect-error an event outside the module's prefix
  defineModule({ ...base, events: events<Pick<CoreEvents, "job.failed">>(), commands: {} });
  // @ts-expect-error a payload that is not JSON
  events<{ "shop.opened": { payload: { at: Date } } }>();
  // @ts-expect-error a misspelt field of the shape
  events<{ "shop.opened": { data: { at: string } } }>();
}

describe("the types of domain events", () => {
  it("refuse what a handler may not emit", () => {
    // That the @ts-expect-error lines above are needed is checked by the compiler.
    expectTypeOf(refusedByTheCompiler).toBeFunction();
    const paid = { type: "shop.order.paid", aggregate_id: "o1", payload: { cents: 5 } };
    expect(planOf(pay.apply, { id: "o1", cents: 5 }).events).toEqual([paid]);
  });

  it("are what the module declares for the type", () => {
    type Paid = EventOf<Shop, "shop.order.paid">;
    type PaidPayload = { readonly cents: number; readonly note?: string };
    expectTypeOf<Paid>().toEqualTypeOf<AggregateEvent<"shop.order.paid", PaidPayload>>();
    expectTypeOf<Paid["aggregate_id"]>().toEqualTypeOf<string>();
    expectTypeOf<EventOf<Shop, "shop.closed">>().toEqualTypeOf<
      DomainEvent<"shop.closed", { readonly until: string }>
    >();
    expectTypeOf<keyof EventOf<Shop, "shop.order.sent">["payload"]>().toEqualTypeOf<string>();
    expectTypeOf<EventOf<Shop, "shop.order.sent">["payload"][string]>().toBeNever();
    expectTypeOf<Paid>().toExtend<DomainEvent>();
    expectTypeOf<EventOf<CoreModule, keyof CoreEvents>>().toExtend<DomainEvent>();
  });

  it("are those of exactly one declaration: one of more or fewer events does not stand for it", () => {
    type Fewer = EventsMarker<Pick<ShopEvents, "shop.closed">>;
    expectTypeOf<EventsMarker<ShopEvents>>().not.toExtend<Fewer>();
    expectTypeOf<Fewer>().not.toExtend<EventsMarker<ShopEvents>>();
  });

  it("are the union of all below a pattern", () => {
    expectTypeOf<EventOf<CoreModule, "job.*">["type"]>().toEqualTypeOf<
      Extract<keyof CoreEvents, `job.${string}`>
    >();
    expectTypeOf<EventOf<CoreModule | Shop, "shop.order.*" | "job.failed">["type"]>().toEqualTypeOf<
      "shop.order.paid" | "shop.order.sent" | "job.failed"
    >();
  });

  it("stay open for types that nobody declares, and for types that the compiler does not know", () => {
    expectTypeOf<EventOf<CoreModule, "artifact.published">>().toEqualTypeOf<
      DomainEvent<"artifact.published">
    >();
    expectTypeOf<EventOf<CoreModule, "shop.*">["type"]>().toEqualTypeOf<`shop.${string}`>();
    expectTypeOf<EventOf<typeof lab, "lab.put">["payload"]>().toEqualTypeOf<JsonObject>();
    expectTypeOf<EventOf<CoreModule | Shop, string>>().toEqualTypeOf<DomainEvent>();
    expectTypeOf<NewEventOf<AnyEvents>["type"]>().toEqualTypeOf<string>();
  });
});

describe("isEvent", () => {
  it("is true for the type, and for all below a pattern", () => {
    const failed = eventOf("job.failed");
    expect(["job.failed", "job.*"].map((type) => isEvent(failed, type))).toEqual([true, true]);
    const others = ["job.fail", "job.failed.*", "jo.*", "*", "job", "artifact.*"];
    expect(others.filter((type) => isEvent(failed, type))).toEqual([]);
    expect(isEvent(eventOf("job"), "job.*")).toBe(false);
    expect(isEvent(eventOf("jobs.failed"), "job.*")).toBe(false);
  });

  it("narrows to what core or the module declares", () => {
    const event = eventOf("other.thing");
    if (isEvent(event, "job.created")) {
      expectTypeOf(event.payload.workflow_id).toEqualTypeOf<string>();
      // @ts-expect-error a field that the payload does not have
      void event.payload.workflow;
    }
    if (isEvent(event, "shop.*", shop) && event.type === "shop.order.paid") {
      expectTypeOf(event.payload.cents).toEqualTypeOf<number>();
    }
    const other = eventOf("other.thing");
    if (isEvent(other, "shop.order.paid")) expectTypeOf(other.payload).toEqualTypeOf<JsonObject>();
    expect(isEvent(event, "shop.*", shop)).toBe(false);
  });
});
