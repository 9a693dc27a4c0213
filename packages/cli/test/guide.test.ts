import { expect, it } from "vitest";
import { readText } from "../../../test/support/checkout.ts";
import { type CommandEntry, commandTable } from "../src/command/command-table.ts";
import { commonArgs } from "../src/command/common-args.ts";
import { EXIT } from "../src/command/exit-code.ts";

const guide = readText("docs/guides/command-line.md");
const commands: readonly (readonly [string, CommandEntry])[] = Object.entries(commandTable).flatMap(
  ([name, entry]) =>
    "load" in entry
      ? [[name, entry] as const]
      : Object.entries(entry.commands).map(([inner, each]) => [`${name} ${inner}`, each] as const),
);

/** The part of the guide below the heading of a command. */
function sectionOf(name: string): string {
  const [, section = ""] = new RegExp(`^### atlas ${name}$([\\s\\S]*?)(?=^##)`, "m").exec(guide) ?? [];
  return section;
}

it.each(commands)("the guide has `atlas %s`, with each of its options, and no other", async (name, entry) => {
  const { command } = await entry.load();
  const section = sectionOf(name);
  expect(section).not.toBe("");
  const own = Object.entries(command.args);
  const options = own
    .filter(([, { type }]) => type !== "positional")
    .map(
      ([option, definition]) =>
        `--${"default" in definition && definition.default === true ? "no-" : ""}${option}`,
    );
  const documented = [...section.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option);
  const shared = ["--config", "--database", "--url", "--token-file"];
  expect(documented).toEqual(options.filter((option) => !shared.includes(option)));
  for (const [place, { type }] of own) if (type === "positional") expect(section).toContain(`<${place}>`);
  // What they have in common is said once; which commands have it, for each.
  expect(section.includes("[gateway options]")).toBe(options.includes("--url"));
});

it("has no command that is gone", () => {
  const headings = [...guide.matchAll(/^### atlas ([a-z -]+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual(commands.map(([name]) => name));
});

it("lists every exit code, and the options that all commands have", () => {
  const rows = [...guide.matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code));
  expect(rows).toEqual(Object.values(EXIT));
  for (const option of Object.keys(commonArgs)) expect(guide).toContain(`\`--${option}\``);
});
