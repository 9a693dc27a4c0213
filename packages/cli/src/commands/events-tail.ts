import type { DomainEvent } from "@atlas/core";
import { defineCommand } from "../command/command.ts";
import { gatewayArgs } from "../command/common-args.ts";
import { listOf, wholeNumber } from "../command/values.ts";
import type { Output } from "../output/output.ts";
import { visible } from "../output/visible.ts";
import { findGateway } from "../reach/find-gateway.ts";
import { type FileRepo, readFile } from "../reach/with-reading.ts";
import { createInterruption } from "./interruption.ts";

// What a person wants to see at once of a file that nobody writes.
const LAST_EVENTS = 20;
const PAGE = 100;

/** Which events are shown. */
interface Wanted {
  readonly after: number | undefined;
  readonly types: readonly string[] | undefined;
}

export const command = defineCommand({
  args: {
    after: {
      type: "string",
      valueHint: "seq",
      description: "Begin after this event; 0 for the oldest (default: new ones)",
    },
    types: { type: "string", valueHint: "types", description: "Only these types, with commas between them" },
    limit: { type: "string", valueHint: "number", description: "End after so many events" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const most = Number.MAX_SAFE_INTEGER;
    const wanted = {
      after: wholeNumber(args.after, "--after", { least: 0, most }),
      types: listOf(args.types),
    };
    const limit = wholeNumber(args.limit, "--limit", { least: 1, most }) ?? most;
    const reached = await findGateway(host, args);
    using interruption = createInterruption();
    const signal = AbortSignal.any([interruption.signal, output.closed]);
    let shown = 0;
    const show = (event: DomainEvent): boolean => {
      output.item(event, () => eventLine(event, output));
      shown += 1;
      return shown < limit && !signal.aborted;
    };
    try {
      if (reached.kind === "file") {
        output.note(
          `${reached.stale === undefined ? "" : `${reached.stale} `}No gateway is running; these events are stored in ${reached.database.path}.`,
        );
        await readFile(reached.database, (repo) => readStored(repo, wanted, show));
      } else {
        const { after, types } = wanted;
        const events = reached.client.domainEvents.follow({
          ...(after === undefined ? {} : { after }),
          ...(types === undefined ? {} : { types }),
          signal,
          onMissed: ({ first_seq }) => output.note(`The events before ${first_seq} were pruned.`),
        });
        for await (const event of events) if (!show(event)) break;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return interruption.exitCode();
  },
});

async function readStored(
  repo: FileRepo,
  { after, types }: Wanted,
  show: (event: DomainEvent) => boolean,
): Promise<void> {
  let cursor: string | undefined;
  const begin = after ?? Math.max(0, (await repo.lastDomainEventSeq()) - LAST_EVENTS);
  do {
    const page = await repo.listDomainEvents({
      after: begin,
      limit: PAGE,
      ...(types === undefined ? {} : { types }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const event of page.items) if (!show(event)) return;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function eventLine({ seq, created_at, type, aggregate_id, payload }: DomainEvent, { paint }: Output): string {
  const place = `${paint("quiet", `${seq} ${visible(created_at)}`)} ${paint("strong", visible(type))}`;
  return `${place} ${visible(aggregate_id ?? "-")} ${visible(JSON.stringify(payload))}`;
}
