import { usage } from "./command-error.ts";
import { type CommandEntry, type CommandGroup, commandTable } from "./command-table.ts";
import { nearestHint } from "./nearest-hint.ts";

/** What a command line names, and what is left of it. */
export type Found =
  | {
      readonly kind: "command";
      readonly name: string;
      readonly entry: CommandEntry;
      readonly rest: readonly string[];
    }
  | {
      readonly kind: "group";
      readonly name: string;
      readonly group: CommandGroup;
      readonly rest: readonly string[];
    }
  | { readonly kind: "none"; readonly rest: readonly string[] };

/** Finds the command that the first words name. Throws a usage error with the nearest name. */
export async function findCommand(argv: readonly string[]): Promise<Found> {
  const [first, ...rest] = argv;
  if (first === undefined || first.startsWith("-")) return { kind: "none", rest: argv };
  const entry = named(commandTable, first);
  if (entry === undefined) throw await unknown("atlas", first, Object.keys(commandTable));
  if ("load" in entry) return { kind: "command", name: first, entry, rest };
  const [second, ...others] = rest;
  if (second === undefined || second.startsWith("-"))
    return { kind: "group", name: first, group: entry, rest };
  const inner = named(entry.commands, second);
  if (inner === undefined) throw await unknown(`atlas ${first}`, second, Object.keys(entry.commands));
  return { kind: "command", name: `${first} ${second}`, entry: inner, rest: others };
}

function named<Entry>(table: Readonly<Record<string, Entry>>, name: string): Entry | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

async function unknown(program: string, name: string, known: readonly string[]): Promise<Error> {
  const hint = await nearestHint(name, known);
  return usage(`"${name}" is not a command.${hint} Run \`${program} --help\` to see all commands.`);
}
