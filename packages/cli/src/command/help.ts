import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, renderUsage } from "citty";
import { type CommandEntry, type CommandGroup, commandTable } from "./command-table.ts";
import { commonArgs } from "./common-args.ts";

/** The help of `atlas` itself, of a group, or of one command. */
export type HelpFor =
  | { readonly kind: "none" }
  | { readonly kind: "group"; readonly name: string; readonly group: CommandGroup }
  | { readonly kind: "command"; readonly name: string; readonly entry: CommandEntry; readonly args: ArgsDef };

/** Renders help without loading the commands that it lists. */
export async function helpText(about: HelpFor, { colors }: { readonly colors: boolean }): Promise<string> {
  const text = (await renderUsage(definition(about))).replace(/ +$/gm, "").trimEnd();
  // citty decides on colours by the environment alone.
  return colors ? text : stripVTControlCharacters(text);
}

function definition(about: HelpFor) {
  if (about.kind === "command") {
    const meta = { name: `atlas ${about.name}`, description: about.entry.summary };
    return { meta, args: { ...about.args, ...commonArgs } };
  }
  if (about.kind === "group") {
    const { name, group } = about;
    return {
      meta: { name: `atlas ${name}`, description: group.summary },
      subCommands: stubs(group.commands),
    };
  }
  const meta = { name: "atlas", description: "Creates, runs and inspects gateways" };
  return { meta, subCommands: stubs(commandTable) };
}

function stubs(table: Readonly<Record<string, { readonly summary: string }>>) {
  return Object.fromEntries(
    Object.entries(table).map(([name, { summary }]) => [name, { meta: { name, description: summary } }]),
  );
}
