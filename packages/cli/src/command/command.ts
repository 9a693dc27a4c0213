import type { ArgsDef, ParsedArgs } from "citty";
import type { Output } from "../output/output.ts";
import type { Host } from "./host.ts";

/** What a command gets when it is run. */
export interface Call<Args extends ArgsDef = ArgsDef> {
  readonly args: ParsedArgs<Args>;
  readonly host: Host;
  readonly output: Output;
}

/** A command, in a module of its own that is loaded when the command is run. */
export interface Command {
  /** Its options and arguments, besides those that every command has. */
  readonly args: ArgsDef;
  /** Resolves with the exit code, where it is not 0. */
  run(call: Call<never>): Promise<number | undefined>;
}

/** Returns its argument as a command, with the types of its options in `run`. */
export function defineCommand<const Args extends ArgsDef>(command: {
  readonly args: Args;
  run(call: Call<Args>): Promise<number | undefined>;
}): Command {
  return command;
}
