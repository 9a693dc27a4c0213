import { parseArgs as parseTokens } from "node:util";
import { type ArgsDef, type ParsedArgs, parseArgs } from "citty";
import { usage } from "./command-error.ts";
import { commonArgs } from "./common-args.ts";
import { nearestHint } from "./nearest-hint.ts";

/**
 * Parses what follows the name of a command. citty takes what it does not know for a flag, and a missing value for an empty text; here both
 * are usage errors.
 */
export async function parseCommandLine<Args extends ArgsDef>(
  program: string,
  argv: readonly string[],
  own: Args,
): Promise<ParsedArgs<Args & typeof commonArgs>> {
  const args = { ...own, ...commonArgs };
  await check(program, argv, args);
  return parseArgs([...argv], args) as ParsedArgs<Args & typeof commonArgs>;
}

async function check(program: string, argv: readonly string[], args: ArgsDef): Promise<void> {
  const see = `Run \`${program} --help\` to see all options.`;
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  for (const [name, { type, ...definition }] of Object.entries(args)) {
    if (type === "positional") continue;
    const short =
      "alias" in definition && typeof definition.alias === "string" ? { short: definition.alias } : {};
    options[name] = { type: type === "boolean" ? "boolean" : "string", ...short };
  }
  const { tokens } = parseTokens({
    args: [...argv],
    options,
    strict: false,
    allowNegative: true,
    allowPositionals: true,
    tokens: true,
  });
  const seen = new Set<string>();
  let positionals = 0;
  for (const token of tokens) {
    if (token.kind === "positional") positionals += 1;
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      const hint = await nearestHint(name, Object.keys(options));
      throw usage(`\`${program}\` has no option "${rawName}".${hint.replace('"', '"--')} ${see}`);
    }
    if (seen.has(name)) throw usage(`"${rawName}" is given twice. Keep one of the two.`);
    seen.add(name);
    if (option.type === "boolean") {
      if (value !== undefined) throw usage(`"${rawName}" takes no value.`);
      continue;
    }
    // `--limit --json`: what follows is another option, not a value.
    const isMissing = value === undefined || value === "" || (!token.inlineValue && /^--?[a-z]/.test(value));
    if (rawName.startsWith("--no-") || isMissing)
      throw usage(`"${rawName}" needs a value, as in \`${rawName}=<${hintOf(args, name)}>\`. ${see}`);
  }
  if (options["help"] !== undefined && seen.has("help")) return;
  const places = Object.entries(args).filter(([, { type }]) => type === "positional");
  const required = places.filter(([, place]) => place.required !== false);
  const missing = required[positionals];
  if (missing !== undefined && positionals < required.length)
    throw usage(`\`${program}\` needs <${missing[0]}>: ${missing[1].description}. ${see}`);
  if (positionals > places.length) {
    const extra = tokens.filter(({ kind }) => kind === "positional")[places.length];
    const text = extra !== undefined && "value" in extra ? String(extra.value) : "";
    throw usage(`\`${program}\` does not take "${text}". ${see}`);
  }
  for (const [name, definition] of Object.entries(args)) {
    if (definition.type === "positional" || definition.required !== true || seen.has(name)) continue;
    throw usage(`\`${program}\` needs \`--${name}\`: ${definition.description}. ${see}`);
  }
}

function hintOf(args: ArgsDef, name: string): string {
  const definition = args[name];
  return definition !== undefined && "valueHint" in definition ? (definition.valueHint ?? "value") : "value";
}
