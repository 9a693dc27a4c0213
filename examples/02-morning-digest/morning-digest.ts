// Reads a folder of notes and a feed, summarizes what is new since the last run, and posts the digest to a webhook.
//
//   WEBHOOK_SECRET=… node --conditions=@atlas/source examples/02-morning-digest/morning-digest.ts \
//     --notes ./notes --feed https://example.invalid/feed.xml --webhook https://example.invalid/hook
import { parseArgs } from "node:util";
import { createGateway } from "@atlas/gateway";
import { createDigestWorkflow } from "@atlas/plugins/builtin/digest";
import { createFilesSource } from "@atlas/plugins/builtin/files";
import { createRssSource } from "@atlas/plugins/builtin/rss";
import { createWebhookSink, type WebhookSinkOptions } from "@atlas/plugins/builtin/webhook";

const { values } = parseArgs({
  options: {
    notes: { type: "string" },
    feed: { type: "string" },
    webhook: { type: "string" },
    database: { type: "string", default: "data/morning-digest.db" },
  },
});
const { notes = "", feed = "", webhook = "", database } = values;
const secret = process.env["WEBHOOK_SECRET"];

/** Sends the digest itself instead of the event that announces it. */
const digestBody: WebhookSinkOptions["body"] = async (event, { repo }) => {
  const artifact = await repo.getArtifact(event.aggregate_id ?? "");
  if (artifact?.content_md === undefined) return undefined;
  return { title: artifact.title ?? "", markdown: artifact.content_md };
};

const gateway = await createGateway({
  database,
  sources: [createFilesSource({ folder: notes }), createRssSource({ url: feed })],
  workflows: [createDigestWorkflow({ types: ["file", "feed.item"] })],
  sinks: [
    createWebhookSink({
      url: webhook,
      on: ["artifact.created"],
      body: digestBody,
      ...(secret === undefined ? {} : { secret }),
    }),
  ],
});
try {
  await gateway.start();
  // One failing source does not stop the others: the digest covers what arrived.
  await gateway.sync().catch((error: Error) => console.error(error.message));
  const { id } = await gateway.jobs.create({ workflow_id: "digest.v1" });
  const job = await gateway.jobs.wait(id);
  const { items } = await gateway.repo.findArtifacts({ job_id: id });
  console.log(job.status === "succeeded" ? (items[0]?.title ?? "Nothing is new.") : job.error);
} finally {
  await gateway.stop(); // delivers what is committed
}
