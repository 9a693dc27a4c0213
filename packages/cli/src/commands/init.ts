import { basename, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { defineCommand } from "../command/command.ts";
import type { Host } from "../command/host.ts";
import { createProject, projectName } from "../init/create-project.ts";
import { visible } from "../output/visible.ts";

export const command = defineCommand({
  args: {
    dir: { type: "positional", required: false, description: "Folder of the project (default: this one)" },
    name: {
      type: "string",
      valueHint: "name",
      description: "Name in package.json (default: that of the folder)",
    },
    yes: { type: "boolean", alias: "y", description: "Ask nothing" },
  },
  async run({ args, host, output }) {
    const mayAsk = args.yes !== true && output.isTerminal && host.stdin.isTTY === true;
    const given = args.dir ?? (mayAsk ? await ask(host, "Folder", ".") : ".");
    const folder = resolve(host.cwd, given);
    const name = args.name ?? projectName(basename(folder));
    const files = createProject(folder, name);
    output.result({ folder, name, files }, () => {
      const place = relative(host.cwd, folder);
      return [
        `Created ${output.paint("strong", name)} in ${visible(folder)}:`,
        ...files.map((file) => `  ${file}`),
        "",
        "Next:",
        ...(place === "" ? [] : [`  cd ${visible(place)}`]),
        "  npm install",
        "  npm test",
        "  npm start",
      ];
    });
    return undefined;
  },
});

async function ask(host: Host, question: string, fallback: string): Promise<string> {
  const lines = createInterface({ input: host.stdin, output: host.stdout });
  try {
    const answer = (await lines.question(`${question} (${fallback}): `)).trim();
    return answer === "" ? fallback : answer;
  } finally {
    lines.close();
  }
}
