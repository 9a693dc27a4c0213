import { expect, it } from "vitest";
import { publicNames } from "../../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  const subpaths = ["brainstorm", "console", "digest", "file", "files", "git", "rss", "webhook"];
  const names = subpaths.map((name) => [name, publicNames(`packages/plugins/src/builtin/${name}/index.ts`)]);
  expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
    {
      "brainstorm": {
        "types": [
          "BrainstormOptions",
        ],
        "values": [
          "createBrainstormWorkflow",
        ],
      },
      "console": {
        "types": [
          "ConsoleSinkOptions",
        ],
        "values": [
          "createConsoleSink",
        ],
      },
      "digest": {
        "types": [
          "DigestOptions",
        ],
        "values": [
          "createDigestWorkflow",
        ],
      },
      "file": {
        "types": [
          "FileSinkOptions",
        ],
        "values": [
          "createFileSink",
        ],
      },
      "files": {
        "types": [
          "FilesSourceOptions",
        ],
        "values": [
          "createFilesSource",
        ],
      },
      "git": {
        "types": [
          "Commit",
          "GitRange",
          "GitRepository",
          "GitSourceOptions",
        ],
        "values": [
          "createGitSource",
          "openGitRepository",
        ],
      },
      "rss": {
        "types": [
          "RssSourceOptions",
        ],
        "values": [
          "createRssSource",
        ],
      },
      "webhook": {
        "types": [
          "VerifiedWebhook",
          "VerifyWebhookOptions",
          "WebhookSinkOptions",
          "WebhookSourceOptions",
        ],
        "values": [
          "createWebhookSink",
          "createWebhookSource",
          "verifyWebhook",
        ],
      },
    }
  `);
});
