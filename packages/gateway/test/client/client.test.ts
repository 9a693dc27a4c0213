import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { createClient, isClientError } from "../../src/client/index.ts";
import { type Operation, operations } from "../../src/client/operations.ts";
import { contracts } from "../../src/http/contract/all-contracts.ts";
import type { RouteContract } from "../../src/http/contract/route.ts";

type Sent = { readonly url: string; readonly init: RequestInit; readonly key: string | undefined };

/** A client whose server gives these answers, one after the other; an error breaks the connection. */
function scripted(answers: readonly (Response | Error)[], options: { readonly retries?: number } = {}) {
  const sent: Sent[] = [];
  const waits: number[] = [];
  const left = [...answers];
  const client = createClient({
    url: "http://localhost/base/",
    token: "secret",
    ...options,
    wait: async (waitMs) => void waits.push(waitMs),
    async fetch(url, init) {
      const headers = init.headers as Record<string, string>;
      sent.push({ url, init, key: headers["idempotency-key"] });
      const answer = left.shift();
      if (answer === undefined || answer instanceof Error)
        throw answer ?? new Error("Nothing is left to say.");
      return answer;
    },
  });
  return { client, sent, waits };
}

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json(
    { type: "about:blank", title: "", status, detail: "It says why.", code, request_id: "r1" },
    { status, headers: { "x-request-id": "r1", ...headers } },
  );
const job = () => Response.json({ id: "j1", workflow_id: "w" }, { status: 201 });
const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

it("knows each operation as its contract says", () => {
  const table = Object.entries<Operation>(operations).map(([id, { method, path, input, keyed, answer }]) => [
    id,
    { method, path, input, keyed: keyed === true, answer: answer ?? "json" },
  ]);
  const wanted = Object.entries<RouteContract>(contracts).map(([id, contract]) => {
    const { method, path, query, body, idempotent, answer } = contract;
    const isEmpty =
      body?.safeParse({}).success &&
      !body.safeParse({ children: true }).success &&
      Object.keys((body as { shape?: object }).shape ?? {}).length === 0;
    const type = answer.type ?? "application/json";
    return [
      id,
      {
        method,
        path,
        input: query !== undefined ? "query" : body === undefined ? undefined : isEmpty ? "empty" : "body",
        keyed: idempotent === true,
        answer:
          answer.status === 204
            ? "nothing"
            : type === "text/event-stream"
              ? "stream"
              : type === "application/json"
                ? "json"
                : "text",
      },
    ];
  });
  expect(table).toEqual(wanted);
});

it("needs neither zod nor hono at run time", async () => {
  const seen = new Set<string>();
  const read = async (url: URL): Promise<void> => {
    if (seen.has(url.pathname)) return;
    seen.add(url.pathname);
    const code = await readFile(url, "utf8");
    // What stays after types are stripped.
    for (const [, names = "", from = ""] of code.matchAll(
      /^(?:import|export) (?!type)([\s\S]*?) from "([^"]+)";/gm,
    )) {
      if (/^\{(\s*type [^,}]+,?)+\s*\}$/.test(names)) continue;
      expect([url.pathname, from.startsWith(".")]).toEqual([url.pathname, true]);
      await read(new URL(from, url));
    }
  };
  await read(new URL("../../src/client/index.ts", import.meta.url));
  expect(seen.size).toBeGreaterThan(8);
  expect([...seen].filter((path) => path.includes("/http/"))).toEqual([]);
});

it("asks where it was told to, with the token and an idempotency key", async () => {
  const { client, sent } = scripted([job(), job(), job(), new Response(null, { status: 204 })]);
  await client.jobs.create({ workflow_id: "w" });
  await client.jobs.create(
    { workflow_id: "w" },
    { idempotencyKey: "mine", headers: { "x-request-id": "r9" } },
  );
  await client.jobs.create({ workflow_id: "w" }, { idempotencyKey: false });
  await client.workflows.pause("a/b.v1");
  expect(sent.map(({ url }) => url)).toEqual([
    ...Array.from({ length: 3 }, () => "http://localhost/base/jobs"),
    "http://localhost/base/workflows/a%2Fb.v1/pause",
  ]);
  expect(sent.map(({ key }) => key)).toEqual([
    expect.stringMatching(/^[0-9a-f-]{36}$/),
    "mine",
    undefined,
    expect.any(String),
  ]);
  expect(sent[1]?.init.headers).toMatchObject({ authorization: "Bearer secret", "x-request-id": "r9" });
  expect(sent[3]?.init.body).toBe("{}");
});

it("writes a query as the server reads it", async () => {
  const { client, sent } = scripted([Response.json({ items: [] }), Response.json({ items: [] })]);
  await client.domainEvents.list({ types: ["a", "b"], after: 3 });
  await client.entities.list({ include_deleted: true, type: "a&b" });
  expect(sent.map(({ url }) => url.split("?")[1])).toEqual([
    "types=a%2Cb&after=3",
    "include_deleted=true&type=a%26b",
  ]);
});

it("repeats a request that found nobody or a busy server, always with the same key", async () => {
  const { client, sent, waits } = scripted([
    new Error("refused"),
    problem(503, "ATLAS_HTTP_UNAVAILABLE", { "retry-after": "3" }),
    job(),
  ]);
  expect(await client.jobs.create({ workflow_id: "w" })).toMatchObject({ id: "j1" });
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
  expect(waits).toEqual([expect.any(Number), 3_000]);
  expect(waits[0]).toBeLessThanOrEqual(200);
  for (const [status, code] of [
    [429, "ATLAS_HTTP_RATE_LIMITED"],
    [409, "ATLAS_HTTP_KEY_IN_USE"],
  ] as const) {
    const busy = scripted([problem(status, code), job()]);
    await busy.client.jobs.create({ workflow_id: "w" });
    expect(busy.sent).toHaveLength(2);
  }
});

it("does not repeat what may be done twice, is refused, or has to wait too long", async () => {
  const once = async (
    answer: Response | Error,
    call: (client: ReturnType<typeof createClient>) => Promise<unknown>,
  ) => {
    const { client, sent } = scripted([answer, job()]);
    const error = await caught(call(client));
    expect([isClientError(error), sent.length]).toEqual([true, 1]);
    return error;
  };
  await once(new Error("cut"), (client) =>
    client.jobs.create({ workflow_id: "w" }, { idempotencyKey: false }),
  );
  await once(new Error("cut"), (client) => client.schedules.remove("s"));
  await once(problem(500, "ATLAS_HTTP_FAILED"), (client) => client.jobs.list());
  await once(problem(503, "ATLAS_HTTP_UNAVAILABLE", { "retry-after": "3600" }), (client) =>
    client.jobs.list(),
  );
  await once(problem(503, "ATLAS_HTTP_UNAVAILABLE"), (client) => client.jobs.get("j1", { retries: 0 }));
  const refused = await once(problem(404, "ATLAS_PLUGINS_JOB_NOT_FOUND"), (client) => client.jobs.get("j1"));
  expect(refused).toMatchObject({
    status: 404,
    code: "ATLAS_PLUGINS_JOB_NOT_FOUND",
    message: "It says why.",
    requestId: "r1",
    retryable: false,
    problem: { title: "", request_id: "r1" },
  });
});

it("says when something else answers than a gateway", async () => {
  const page = () => new Response("<html>", { status: 200, headers: { "content-type": "text/html" } });
  for (const answer of [page(), new Response("Bad gateway", { status: 502 })]) {
    const error = await caught(scripted([answer]).client.jobs.list());
    expect(error).toMatchObject({ code: "ATLAS_CLIENT_ANSWER_UNKNOWN", status: answer.status });
  }
});

it("ends with its signal, also while it waits", async () => {
  const controller = new AbortController();
  const { client } = scripted([new Error("cut")]);
  controller.abort(new Error("Enough."));
  await expect(client.jobs.list({}, { signal: controller.signal })).rejects.toThrow("Enough.");
});

it("refuses wrong options and wrong ids at the door", async () => {
  for (const url of ["localhost:4400", "ftp://host", "http://host?x=1", "http://"])
    expect(() => createClient({ url })).toThrow(TypeError);
  expect(() => createClient({ url: "http://host", retries: -1 })).toThrow("retries");
  expect(() => createClient({ url: "http://host", tokn: "x" } as never)).toThrow('"tokn"');
  const { client, sent } = scripted([]);
  await expect(client.jobs.get("")).rejects.toThrow(TypeError);
  await expect(client.jobs.get("..")).rejects.toThrow(TypeError);
  expect(sent).toEqual([]);
});

it("has a row in docs/errors.md for each code of its own", async () => {
  const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8");
  const codes = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, code]) => code).sort();
  const declared = codes(await read("../../src/client/client-error.ts"), /^ {2}\| "(ATLAS_CLIENT_\w+)"/gm);
  expect(declared).toHaveLength(3);
  expect(codes(await read("../../../../docs/errors.md"), /^\| *`(ATLAS_CLIENT_\w+)`/gm)).toEqual(declared);
});
