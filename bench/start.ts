import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report, type Unit } from "./line.ts";
import { measureStart, type Start, type StartKind } from "./start/measure-start.ts";

const ROUNDS = 15;

/**
 * What a start takes, from the built packages and in a process of its own: importing `@atlas/gateway` and creating a gateway,
 * on a new file and on one that a gateway had before. The reference is a process that imports better-sqlite3, kysely and zod.
 */
export async function benchStart(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const existing = join(folder.path, "existing.db");
  await measureStart("gateway", existing);
  const rounds: Readonly<Record<"fresh" | "again" | "dependencies" | "nothing", Start>>[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const fresh = join(folder.path, `new-${round}.db`);
    const all: Record<string, Start> = {};
    const order: (readonly [string, StartKind, string])[] = [
      ["fresh", "gateway", fresh],
      ["again", "gateway", existing],
      ["dependencies", "dependencies", ""],
      ["nothing", "nothing", ""],
    ];
    for (const [name, kind, database] of round % 2 === 0 ? order : order.reverse()) {
      all[name] = await measureStart(kind, database);
    }
    // The first round warms up the disk's cache. Every name of the type is in the order above.
    if (round > 0) rounds.push(all as (typeof rounds)[number]);
  }

  const total = ({ importMs, createMs }: Start): number => importMs + createMs;
  const line = (
    metric: string,
    unit: Unit,
    ours: (round: (typeof rounds)[number]) => number,
    reference: readonly [name: string, of: (round: (typeof rounds)[number]) => number],
  ): void =>
    report(
      createLine({
        bench: "start",
        metric,
        unit,
        ours: rounds.map(ours),
        reference: reference[0],
        referenceValues: rounds.map(reference[1]),
        durability: "FULL",
      }),
    );
  const dependencies = [
    "better-sqlite3, kysely and zod",
    (round: (typeof rounds)[number]) => round.dependencies.importMs,
  ] as const;
  line("import + createGateway, new file", "ms", ({ fresh }) => total(fresh), dependencies);
  line("import + createGateway, existing file", "ms", ({ again }) => total(again), dependencies);
  line("import", "ms", ({ again }) => again.importMs, dependencies);
  line("createGateway, new file", "ms", ({ fresh }) => fresh.createMs, [
    "existing file",
    ({ again }) => again.createMs,
  ]);
  line("import + createGateway, processor", "ms", ({ again }) => again.cpuMs, [
    "better-sqlite3, kysely and zod",
    ({ dependencies: { cpuMs } }) => cpuMs,
  ]);
  line("idle memory", "MiB", ({ again }) => again.rssMib, [
    "an empty process",
    ({ nothing }) => nothing.rssMib,
  ]);
  line("idle memory", "MiB", ({ again }) => again.rssMib, [
    "better-sqlite3, kysely and zod",
    ({ dependencies: { rssMib } }) => rssMib,
  ]);
}
