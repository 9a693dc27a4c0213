import { expect, it } from "vitest";
import * as brainstorm from "../../src/builtin/brainstorm/index.ts";
import * as console from "../../src/builtin/console/index.ts";
import * as digest from "../../src/builtin/digest/index.ts";
import * as file from "../../src/builtin/file/index.ts";
import * as files from "../../src/builtin/files/index.ts";
import * as git from "../../src/builtin/git/index.ts";
import * as rss from "../../src/builtin/rss/index.ts";
import * as webhook from "../../src/builtin/webhook/index.ts";

it("exports these names and no others", () => {
  const subpaths = { brainstorm, console, digest, file, files, git, rss, webhook };
  const names = Object.entries(subpaths).map(([subpath, module]) => [subpath, Object.keys(module).sort()]);
  expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
    {
      "brainstorm": [
        "createBrainstormWorkflow",
      ],
      "console": [
        "createConsoleSink",
      ],
      "digest": [
        "createDigestWorkflow",
      ],
      "file": [
        "createFileSink",
      ],
      "files": [
        "createFilesSource",
      ],
      "git": [
        "createGitSource",
        "openGitRepository",
      ],
      "rss": [
        "createRssSource",
      ],
      "webhook": [
        "createWebhookSink",
        "verifyWebhook",
      ],
    }
  `);
});
