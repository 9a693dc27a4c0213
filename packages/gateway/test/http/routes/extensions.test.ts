import { expect, it } from "vitest";
import { defineExtension } from "../../../src/index.ts";
import { openHttp } from "../support/open-http.ts";

const shop = defineExtension({
  name: "shop",
  routes: () => [
    {
      method: "GET",
      path: "/shop/items/:id",
      handle: (_, { id }) => Response.json({ id }),
    },
    {
      method: "POST",
      path: "/shop/items",
      handle: async (request) => new Response(await request.text(), { status: 201 }),
    },
    {
      method: "GET",
      path: "/shop/broken",
      handle: () => {
        throw new Error("The password of the shop is hunter2.");
      },
    },
  ],
});

it("serves the routes of extensions behind the same guards, and lists them in the document", async () => {
  const { send, gateway, client } = await openHttp({ extensions: [shop] });
  expect(await (await send("GET", "/shop/items/a%2Fb")).json()).toEqual({ id: "a/b" });
  const created = await send("POST", "/shop/items", { body: { name: "x" } });
  expect([created.status, await created.text()]).toEqual([201, '{"name":"x"}']);

  const { token } = await gateway.tokens.create({ name: "reader", scopes: ["shop:read"] });
  const headers = { authorization: `Bearer ${token}` };
  expect((await send("GET", "/shop/items/1", { headers })).status).toBe(200);
  expect((await send("POST", "/shop/items", { headers, body: {} })).status).toBe(403);
  expect((await send("GET", "/jobs", { headers })).status).toBe(403);
  expect((await send("GET", "/shop/items/1", { headers: { authorization: "" } })).status).toBe(401);

  const broken = await send("GET", "/shop/broken");
  expect(broken.status).toBe(500);
  expect(await broken.text()).not.toContain("hunter2");

  const { paths } = (await client.openapi()) as { paths?: object };
  expect(Object.keys(paths ?? {})).toEqual(
    expect.arrayContaining(["/shop/items", "/shop/items/{id}", "/shop/broken"]),
  );
});

it("refuses an extension whose routes would stand among Atlas's own", async () => {
  const jobs = defineExtension({
    name: "jobs",
    routes: () => [{ method: "GET", path: "/jobs/mine", handle: () => new Response() }],
  });
  await expect(openHttp({ extensions: [jobs] })).rejects.toThrow("Rename the extension");
});
