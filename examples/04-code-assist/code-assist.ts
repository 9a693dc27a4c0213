// Lets a coding agent propose a change, shows it, and applies it once you have said yes.
//
//   node --conditions=@atlas/source examples/04-code-assist/code-assist.ts --goal "Add a test" --folder .
//   … --agent claude-code     this agent only (default: the first one that is installed)
//   … --agent scripted        no agent at all: a script adds one line to NOTES.md
//
// End it while it asks, and start it again without a goal: it asks the same question, and no agent works a second time.
import { resolve } from "node:path";
import { stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { createGateway, type Gateway } from "@atlas/gateway";
import { createScriptedHarness } from "@atlas/testing";
import { codeAssistWorkflow } from "./code-assist-workflow.ts";

const { values } = parseArgs({
  options: {
    goal: { type: "string" },
    folder: { type: "string", default: "." },
    agent: { type: "string" },
    database: { type: "string", default: "data/code-assist.db" },
  },
});
const folder = resolve(values.folder);
const agents = ["codex-cli", "claude-code", "gemini-cli", "opencode", "copilot-cli"];

const gateway = await createGateway({
  database: values.database,
  routing: {
    harness: {
      profiles: { default: values.agent === undefined ? agents : [values.agent] },
      fallback: ["noop"],
    },
  },
  agents: {
    roots: [folder],
    drivers: {
      scripted: createScriptedHarness([
        { tell: { type: "message", text: "I add a note." } },
        { write: "NOTES.md", content: "A scripted agent was here.\n" },
        { answer: { summary: "Added a note." } },
      ]),
    },
  },
  workflows: [codeAssistWorkflow],
});
try {
  gateway.jobs.progress.listen((_, { message = "" }) => console.log(`  ${message}`));
  await gateway.start();
  await assist(gateway);
} finally {
  await gateway.stop();
}

async function assist({ jobs, repo }: Gateway): Promise<void> {
  const [unfinished] = (await repo.listJobs({ workflow_id: codeAssistWorkflow.id, status: "queued" })).items;
  const job = unfinished ?? (await create());
  if (job === undefined) return console.log("Nothing waits for an answer. Say what to do with --goal.");
  const question = await asked(gateway, job.id);
  if (question !== undefined) {
    const { summary = "", artifact_id = "" } = question;
    console.log(`\n${summary}\n\n${(await repo.getArtifact(artifact_id))?.content_md}`);
    const approved = await isApproved();
    if (approved === undefined)
      return console.log("\nNo answer. Start this program again to be asked again.");
    await jobs.signal(job.id, "approval", { approved });
  }
  const { status, result, error } = await jobs.wait(job.id);
  console.log(status === "succeeded" ? JSON.stringify(result) : JSON.stringify(error));

  async function create() {
    if (values.goal === undefined) return undefined;
    return jobs.create({
      workflow_id: codeAssistWorkflow.id,
      input: { goal: values.goal, folder },
      max_attempts: 1,
    });
  }
}

/** Resolves with what the job tells those who answer, once it waits for them; with nothing once it is over. */
function asked({ jobs }: Gateway, id: string): Promise<Record<string, string> | undefined> {
  return new Promise((settle, reject) => {
    const look = async (): Promise<void> => {
      const wait = (await jobs.listWaits(id)).find(
        ({ name, attempt }) => name === "approval" && attempt !== undefined,
      );
      if (wait !== undefined)
        settle(
          Object.fromEntries(Object.entries(wait.info ?? {}).map(([key, value]) => [key, String(value)])),
        );
    };
    jobs.on("requeued", ({ job_id }) => (job_id === id ? look().catch(reject) : undefined));
    jobs.wait(id).then(() => settle(undefined), reject);
    look().catch(reject);
  });
}

/** Asks at the terminal; nothing if the input ends before an answer. */
async function isApproved(): Promise<boolean | undefined> {
  const terminal = createInterface({ input: stdin, output: stdout });
  const ended = new Promise<undefined>((settle) => terminal.once("close", () => settle(undefined)));
  const answer = await Promise.race([terminal.question("Apply this? (yes/no) "), ended]);
  terminal.close();
  return answer === undefined ? undefined : /^y(es)?$/i.test(answer.trim());
}
