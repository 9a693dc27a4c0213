import { openReadOnly } from "@atlas/core";
import { pluginsModule } from "@atlas/plugins";
import type { Change } from "./changes.ts";
import { type Address, send } from "./client.ts";

/** Looks whether every change that was answered is there, and none of them twice. Ends the gateway in the course of it. */
export async function check(soak: {
  readonly changes: readonly Change[];
  readonly address: Address;
  readonly token: string;
  readonly database: string;
  readonly kill: () => Promise<void>;
}): Promise<readonly string[]> {
  const { changes, address, token, database } = soak;
  const { url } = address;
  if (url === undefined) return ["There is no server to check."];
  const problems: string[] = [];
  const answered = changes.filter(({ answer }) => answer !== undefined);

  // A key gets its first answer again, for what was answered; every job that was told to end comes to its end.
  for (const change of answered.filter(({ key }) => key !== undefined)) {
    const again = await send(url, change, token);
    const body = await again.text();
    if (again.headers.get("idempotent-replayed") !== "true" || body !== JSON.stringify(change.answer))
      problems.push(
        `${change.kind} ${change.key}: again ${again.status} ${body}, first ${JSON.stringify(change.answer)}.`,
      );
  }
  const told = answered.filter(({ kind }) => kind === "signal" || kind === "cancel");
  const plain = answered.filter(({ kind, body }) => kind === "create" && workflowOf(body) === "plain.v1");
  const ended = [...told.map(jobOf), ...plain.map(({ answer }) => String(answer?.["id"]))];
  for (const id of ended) {
    const response = await fetch(`${url}/jobs/${id}/wait?timeout_ms=20000`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { status } = (await response.json()) as { readonly status?: string };
    if (status !== "succeeded" && status !== "cancelled") problems.push(`The job ${id} is ${status}.`);
  }
  await checkTokens(url);
  await soak.kill();
  await checkFile();
  return problems;

  async function checkTokens(at: string): Promise<void> {
    const revoked = new Set(answered.filter(({ kind }) => kind === "revoke").map(({ path }) => path));
    for (const { answer } of answered.filter(({ kind }) => kind === "token")) {
      const made = answer as { readonly token: string; readonly record: { readonly id: string } };
      const { status } = await fetch(`${at}/jobs?limit=1`, {
        headers: { authorization: `Bearer ${made.token}` },
      });
      const expected = revoked.has(`/tokens/${made.record.id}`) ? [401, 429] : [200];
      if (!expected.includes(status)) problems.push(`The token ${made.record.id} got ${status}.`);
    }
  }

  async function checkFile(): Promise<void> {
    const store = await openReadOnly(database, { modules: [pluginsModule] });
    try {
      const jobs = await store.repo.select.selectFrom("jobs").select(["id", "input", "status"]).execute();
      const byKey = new Map<string, number>();
      for (const { input } of jobs) {
        const { key } = JSON.parse(input) as { readonly key: string };
        byKey.set(key, (byKey.get(key) ?? 0) + 1);
      }
      const ids = new Set(jobs.map(({ id }) => id));
      for (const { kind, key = "", answer } of changes.filter((change) => change.kind === "create")) {
        const count = byKey.get(key) ?? 0;
        if (count > 1) problems.push(`${kind} ${key}: there are ${count} jobs.`);
        if (answer !== undefined && !(count === 1 && ids.has(String(answer["id"]))))
          problems.push(`${kind} ${key}: the answered job ${answer["id"]} is not there.`);
      }
      const results = new Map<string, unknown>();
      for (const { job_id, result } of await store.repo.select
        .selectFrom("plugins_job_results")
        .select(["job_id", "result"])
        .execute())
        results.set(job_id, JSON.parse(result));
      for (const change of told) {
        const job = jobs.find(({ id }) => id === jobOf(change));
        if (change.kind === "cancel" && job?.status !== "cancelled")
          problems.push(`The cancelled job ${jobOf(change)} is ${job?.status}.`);
        const { value } = change.body as { readonly value?: string };
        const { answer } = (results.get(jobOf(change)) ?? {}) as { readonly answer?: unknown };
        if (change.kind === "signal" && !JSON.stringify(answer ?? "").includes(value ?? "?"))
          problems.push(
            `The job ${jobOf(change)} returned ${JSON.stringify(answer)} instead of its answer ${value}.`,
          );
      }
    } finally {
      store.close();
    }
  }
}

function jobOf({ path }: Change): string {
  return path.split("/")[2] ?? "";
}

function workflowOf(body: unknown): unknown {
  return (body as { readonly workflow_id?: unknown }).workflow_id;
}
