import { describe, expect, it, onTestFinished } from "vitest";
import {
  createGateway,
  defineExtension,
  type GatewayOptions,
  type Route,
  silentLogger,
} from "../../src/index.ts";

const base: GatewayOptions = { database: ":memory:", log: silentLogger };
const ok: Route["handle"] = () => new Response("ok");

const greeting = defineExtension({
  name: "greeting",
  routes: ({ repo }) => [
    {
      method: "GET",
      path: "/greeting/:name",
      async handle(request, { name }) {
        const { items } = await repo.listEntities();
        return Response.json({ name, entities: items.length, from: new URL(request.url).pathname });
      },
    },
  ],
});

describe("the routes of extensions", () => {
  it("answer while the gateway runs, and 503 before and after", async () => {
    const gateway = await createGateway({ ...base, extensions: [greeting] });
    onTestFinished(() => gateway.stop());
    const [route] = gateway.routes;
    expect(route).toMatchObject({ extension: "greeting", method: "GET", path: "/greeting/:name" });
    const get = async () => route?.handle(new Request("http://host/greeting/ada"), { name: "ada" });
    const early = await get();
    expect(early?.status).toBe(503);
    expect(early?.headers.get("content-type")).toBe("application/problem+json");
    expect(await early?.json()).toMatchObject({ status: 503, detail: "The gateway is not running." });
    await gateway.start();
    expect(await (await get())?.json()).toEqual({ name: "ada", entities: 0, from: "/greeting/ada" });
    const stopping = gateway.stop();
    expect((await get())?.status).toBe(503);
    await stopping;
    expect((await get())?.status).toBe(503);
  });

  it("stay closed when the gateway was stopped while it started", async () => {
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<undefined>();
    const slow = defineExtension({
      name: "slow",
      start: async () => {
        entered.resolve();
        return release.promise;
      },
    });
    const gateway = await createGateway({ ...base, extensions: [slow, greeting] });
    const starting = gateway.start().catch(() => undefined);
    await entered.promise;
    const stopping = gateway.stop();
    release.resolve(undefined);
    await Promise.all([starting, stopping]);
    const [route] = gateway.routes;
    expect((await route?.handle(new Request("http://host/greeting/ada"), {}))?.status).toBe(503);
  });

  it("come in the order of the extensions, and a thrown error is the host's", async () => {
    const failing = defineExtension({
      name: "failing",
      routes: () => [
        {
          method: "POST",
          path: "/failing",
          handle: () => {
            throw new Error("No.");
          },
        },
      ],
    });
    const gateway = await createGateway({ ...base, extensions: [failing, greeting] });
    onTestFinished(() => gateway.stop());
    await gateway.start();
    expect(gateway.routes.map(({ extension }) => extension)).toEqual(["failing", "greeting"]);
    await expect(gateway.routes[0]?.handle(new Request("http://host/failing"), {})).rejects.toThrow("No.");
  });

  it.each([
    ["no list", { method: "GET" }, "routes must return a list of routes."],
    [
      "an unknown method",
      [{ method: "LIST", path: "/x", handle: ok }],
      "the method of a route must be one of GET, POST, PUT, PATCH, DELETE; got LIST.",
    ],
    [
      "a path of another extension",
      [{ method: "GET", path: "/y/z", handle: ok }],
      'the path of a route must begin with "/x", such as "/x/items/:id"; got "/y/z".',
    ],
    [
      "a path with a wildcard",
      [{ method: "GET", path: "/x/*", handle: ok }],
      'the path of a route must begin with "/x", such as "/x/items/:id"; got "/x/*".',
    ],
    ["no handle", [{ method: "GET", path: "/x" }], "the route GET /x must have a handle."],
    [
      "the same route twice, by other names",
      [
        { method: "GET", path: "/x/:a", handle: ok },
        { method: "GET", path: "/x/:b", handle: ok },
      ],
      "two routes answer GET /x/:b. Remove one.",
    ],
  ])("are refused with %s", async (_, routes, message) => {
    // What the compiler refuses.
    const extension = defineExtension({ name: "x", routes: () => routes as readonly Route[] });
    await expect(createGateway({ ...base, extensions: [extension] })).rejects.toMatchObject({
      code: "ATLAS_GATEWAY_EXTENSION_FAILED",
      details: { extension: "x", during: "routes" },
      message: expect.stringContaining(message),
    });
  });

  it("may differ in their method", async () => {
    const routes: readonly Route[] = [
      { method: "GET", path: "/x/:a", handle: ok },
      { method: "DELETE", path: "/x/:a", handle: ok },
    ];
    const extension = defineExtension({ name: "x", routes: () => routes });
    await using gateway = await createGateway({ ...base, extensions: [extension] });
    expect(gateway.routes).toHaveLength(2);
  });
});
