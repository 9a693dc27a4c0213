import { usage } from "./command/command-error.ts";
import { EXIT } from "./command/exit-code.ts";
import { failureOf } from "./command/failure.ts";
import { findCommand } from "./command/find-command.ts";
import { helpText } from "./command/help.ts";
import type { Host } from "./command/host.ts";
import { parseCommandLine } from "./command/parse.ts";
import { createOutput } from "./output/output.ts";
import { visible, visibleJson } from "./output/visible.ts";
import { ownVersion } from "./own-manifest.ts";

/**
 * Runs one command of `atlas` and resolves with its exit code. It never rejects: a failure is a sentence on standard error, or with
 * `--json` an object there.
 */
export async function runAtlas(argv: readonly string[], host: Host): Promise<number> {
  const has = (option: string): boolean => optionsOf(argv).includes(option);
  const isJson = has("--json");
  using output = createOutput(host, { isJson });
  try {
    const found = await findCommand(argv);
    const colors = output.paint("strong", "x") !== "x";
    if (found.kind === "none" && (has("--version") || has("-v"))) {
      output.result({ version: ownVersion() }, () => [ownVersion()]);
      return EXIT.ok;
    }
    if (found.kind !== "command") {
      const program = found.kind === "group" ? `atlas ${found.name}` : "atlas";
      if (!has("--help") && !has("-h")) {
        const [wrong] = found.rest;
        if (wrong !== undefined && wrong !== "--json")
          throw usage(
            `\`${program}\` has no option "${wrong}". Run \`${program} --help\` to see what it has.`,
          );
        if (isJson || found.kind === "group")
          throw usage(`\`${program}\` needs a command. Run \`${program} --help\` to see all.`);
      }
      const text = await helpText(found, { colors });
      output.result({ help: text }, () => [text]);
      return EXIT.ok;
    }
    const { name, entry, rest } = found;
    const { command } = await entry.load();
    if (has("--help") || has("-h")) {
      const text = await helpText({ kind: "command", name, entry, args: command.args }, { colors });
      output.result({ help: text }, () => [text]);
      return EXIT.ok;
    }
    const args = await parseCommandLine(`atlas ${name}`, rest, command.args);
    // On a terminal something is there at once: opening a gateway takes some tenths of a second.
    output.status(`${name} …`);
    // Parsed by the very options of this command.
    return (await command.run({ args, host, output } as never)) ?? EXIT.ok;
  } catch (error) {
    output.status("");
    const { exitCode, ...failure } = failureOf(error);
    if (isJson) host.stderr.write(`${visibleJson({ error: { ...failure, exit_code: exitCode } })}\n`);
    else host.stderr.write(`atlas: ${visible(failure.message, { lines: true })}\n`);
    if ((has("--debug") || host.env["ATLAS_DEBUG"]) && !isJson)
      host.stderr.write(`${visible(stackOf(error), { lines: true })}\n`);
    return exitCode;
  }
}

/** The words before `--`, after which nothing is an option. */
function optionsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end === -1 ? argv : argv.slice(0, end);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\nCaused by: ${stackOf(error.cause)}`;
}
