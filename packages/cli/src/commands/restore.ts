import { resolve } from "node:path";
import { defineCommand } from "../command/command.ts";
import { oneOf } from "../command/values.ts";
import { visible } from "../output/visible.ts";

export const command = defineCommand({
  args: {
    backup: {
      type: "positional",
      required: true,
      description: "File that `atlas backup` made, with its .json beside it",
    },
    path: { type: "positional", required: true, description: "Database to make; none may exist there" },
    driver: {
      type: "string",
      valueHint: "better-sqlite3|node:sqlite",
      description: "SQLite library to use (default: better-sqlite3)",
    },
  },
  async run({ args, host, output }) {
    const driver = oneOf(args.driver, "--driver", ["better-sqlite3", "node:sqlite"]);
    const from = resolve(host.cwd, args.backup);
    const to = resolve(host.cwd, args.path);
    output.status("Restoring …");
    const { restore } = await import("@atlas/core");
    const manifest = await restore({ from, to, ...(driver === undefined ? {} : { driver }) });
    output.status("");
    output.result({ path: to, ...manifest }, () => [
      `${visible(to)} holds everything up to command ${manifest.last_seq}, as of ${manifest.made_at}.`,
    ]);
    return undefined;
  },
});
