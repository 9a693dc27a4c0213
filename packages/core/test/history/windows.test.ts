import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { restore } from "../support/driver.ts";

import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";
import { asWindows, canWatchOpenFiles } from "../support/windows-files.ts";

// The rules are simulated in this process: the threads' own calls follow the rules of the system that runs the tests.
const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it.runIf(canWatchOpenFiles)(
  "makes, restores and removes copies under the rules of Windows' files",
  async () => {
    const { refusals, end } = asWindows();
    onTestFinished(end);
    const database = databasePath();
    const first = await openStore({ database });
    await writeHistory(first);
    await first.stop();
    const store = await openStore({ database, modules: [finops] });
    await store.commands.enqueue(note("a"));
    const backup = join(temporaryFolder(), "backup.db");
    await store.backup(backup);
    await restore({ from: backup, to: databasePath() });
    expect(await store.verify()).toMatchObject({ status: "verified" });
    await (await store.asOf((await store.verify()).last_seq)).close();
    await store.replay(databasePath());
    await store.prune({ journal_before: "9999-01-01T00:00:00Z" });
    await store.commands.enqueue(note("b"));
    await store.prune({ journal_before: "9999-01-01T00:00:00Z" });
    expect(await store.verify()).toMatchObject({ status: "verified" });
    await store.stop();
    expect(refusals).toEqual([]);
  },
);
