import { expect, it } from "vitest";
import * as core from "../src/index.ts";

it("exports these names and no others", () => {
  expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
    [
      "CoreError",
      "MAX_COMMAND_BYTES",
      "MAX_CONTENT_BYTES",
      "MAX_ID_BYTES",
      "MAX_JSON_DEPTH",
      "MAX_UNIT_BYTES",
      "MAX_UNIT_COMMANDS",
      "canonicalJson",
      "coreModule",
      "createLoop",
      "createNewId",
      "createStore",
      "defineCommand",
      "defineModule",
      "didYouMean",
      "entityInput",
      "eventId",
      "eventInput",
      "idText",
      "isCoreError",
      "isoTime",
      "jsonObject",
      "jsonText",
      "nearestName",
      "newArtifact",
      "newDomainEvent",
      "newJob",
      "normalizeTime",
      "openReadOnly",
      "parseEventId",
      "partialArtifact",
      "planOf",
      "prunePolicy",
      "query",
      "silentLogger",
      "statement",
      "systemClock",
      "tables",
      "timeText",
    ]
  `);
});
