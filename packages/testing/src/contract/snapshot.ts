import type { Page, PageOptions } from "@atlas/core";
import type { Gateway } from "@atlas/gateway";

type Repo = Gateway["repo"];

/** What sources have brought, less what differs from run to run: made-up ids and times. Sorted lines of JSON. */
export async function snapshotOf(repo: Repo): Promise<readonly string[]> {
  const lines = [...(await recordsOf(repo))];
  for await (const { workflow_id, input, idempotency_key } of all(repo.listJobs)) {
    lines.push(JSON.stringify({ job: { workflow_id, input, idempotency_key } }));
  }
  return lines.sort();
}

/** The entities and events of a snapshot. */
export async function recordsOf(repo: Repo): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const entity of all((page) => repo.listEntities({ ...page, include_deleted: true }))) {
    const { updated_at: _, deleted_at, ...kept } = entity;
    lines.push(JSON.stringify({ entity: kept, deleted: deleted_at !== undefined }));
  }
  for await (const { id: _, occurred_at: __, ...event } of all(repo.listEvents)) {
    lines.push(JSON.stringify({ event }));
  }
  return lines.sort();
}

/** The lines that `of` has more often than `than`. */
export function surplus(of: readonly string[], than: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of than) left.set(line, (left.get(line) ?? 0) + 1);
  return of.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** The external ids of all events, and of all entities that are not deleted. */
export async function knownExternalIds(repo: Repo): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for await (const { external_id } of all(repo.listEntities)) if (external_id) known.add(external_id);
  for await (const { external_id } of all(repo.listEvents)) if (external_id) known.add(external_id);
  return known;
}

async function* all<Item>(list: (options: PageOptions) => Promise<Page<Item>>): AsyncIterable<Item> {
  let cursor: string | undefined;
  do {
    const page: Page<Item> = await list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
