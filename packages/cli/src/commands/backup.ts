import { resolve } from "node:path";
import { defineCommand } from "../command/command.ts";
import { databaseArgs } from "../command/common-args.ts";
import { visible } from "../output/visible.ts";
import { findDatabase } from "../reach/find-database.ts";
import { noDatabase } from "../reach/with-reading.ts";

export const command = defineCommand({
  args: {
    path: { type: "positional", required: true, description: "File to make; none may exist there" },
    ...databaseArgs,
  },
  async run({ args, host, output }) {
    const to = resolve(host.cwd, args.path);
    const { path, loaded } = await findDatabase(host, args);
    const { driver } = loaded?.config ?? {};
    output.status("Copying …");
    const { backup, isCoreError } = await import("@atlas/core");
    const options = { from: path, to, ...(driver === undefined ? {} : { driver }) };
    const manifest = await backup(options).catch((error: unknown) => {
      throw isCoreError(error, "ATLAS_CORE_DATABASE_PATH") ? noDatabase(path, error) : error;
    });
    output.status("");
    output.result({ path: to, ...manifest }, () => [
      `${visible(to)} holds everything up to command ${manifest.last_seq}, and was read back and compared.`,
    ]);
    return undefined;
  },
});
