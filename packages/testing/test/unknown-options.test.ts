import { expect, it } from "vitest";
import { sinkContract, sourceContract } from "../src/contract/index.ts";
import { createTestGateway } from "../src/index.ts";

// What a misspelled option would change goes unnoticed in a test, so the compiler is not the only one to refuse it.
it("refuses an option that a test gateway does not have", async () => {
  const misspelled = createTestGateway({ sink: [] } as never);
  await expect(misspelled).rejects.toThrow(
    new TypeError('createGateway: "sink" is not an option. Did you mean "sinks"?'),
  );
});

it("refuses a database for a test gateway, which would not be opened", async () => {
  const withFile = createTestGateway({ database: "kept.db" } as never);
  await expect(withFile).rejects.toThrow(
    new TypeError(
      'createTestGateway: "database" is not an option, because the database is temporary. Use createGateway to open a file.',
    ),
  );
});

it("refuses an option that the sink contract does not have", () => {
  expect(() => sinkContract({ name: "mine", opens: () => undefined } as never)).toThrow(
    new TypeError('sinkContract: "opens" is not an option. Did you mean "open"?'),
  );
});

it("refuses an option that the source contract does not have, before it leaves out the kills", () => {
  const misspelled = { name: "mine", open: () => undefined, modul: "file:///mine.ts" };
  expect(() => sourceContract(misspelled as never)).toThrow(
    new TypeError('sourceContract: "modul" is not an option. Did you mean "module"?'),
  );
});
