import { createTestGateway } from "@atlas/testing";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, it } from "vitest";
import { contracts } from "../../../src/http/contract/all-contracts.ts";
import { createHttp } from "../../../src/http/index.ts";

async function readDocument() {
  await using gateway = await createTestGateway();
  const http = createHttp(gateway);
  const response = await http.fetch(new Request("http://localhost/openapi.json"));
  expect(response.status).toBe(200);
  return response.text();
}

it("is an OpenAPI document without a fault", async () => {
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: await readDocument(), config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
});

it("lists every contract under its own name", async () => {
  const { paths } = JSON.parse(await readDocument()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const listed = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId }]) => [operationId, method.toUpperCase(), path]),
  );
  expect(listed).toEqual(
    expect.arrayContaining(Object.entries(contracts).map(([id, { method, path }]) => [id, method, path])),
  );
  for (const [id, contract] of Object.entries(contracts)) expect(contract.id).toBe(id);
});
