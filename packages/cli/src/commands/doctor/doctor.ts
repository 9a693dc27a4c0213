import { defineCommand } from "../../command/command.ts";
import { databaseArgs } from "../../command/common-args.ts";
import { EXIT } from "../../command/exit-code.ts";
import { failureOf } from "../../command/failure.ts";
import { httpPlace } from "../../config/http-place.ts";
import type { LoadedConfig } from "../../config/load-config.ts";
import { visible } from "../../output/visible.ts";
import { type FoundDatabase, findDatabase } from "../../reach/find-database.ts";
import { isAlive, readServeFile } from "../../reach/serve-file.ts";
import { checkFiles } from "./check-files.ts";
import { checkNode } from "./check-node.ts";
import { checkPort } from "./check-port.ts";
import { type Finding, ok, problem } from "./finding.ts";

const SIGNS = { ok: "✓", warning: "!", problem: "✗" } as const;
const TONES = { ok: "good", warning: "busy", problem: "bad" } as const;

export const command = defineCommand({
  args: databaseArgs,
  async run({ args, host, output }) {
    const findings: Finding[] = [checkNode(process.versions.node)];
    let database: FoundDatabase | undefined;
    try {
      database = await findDatabase(host, args);
      if (database.loaded !== undefined) findings.push(ok("configuration", database.loaded.file));
    } catch (error) {
      findings.push(problem("configuration", failureOf(error).message));
    }
    if (database !== undefined) {
      const files = checkFiles(database.path);
      findings.push(...files);
      const { checkSchema } = await import("./check-schema.ts");
      if (files[0]?.status === "ok") findings.push(await checkSchema(database));
      if (database.loaded !== undefined)
        findings.push(...(await checkConfigured(database.loaded, database.path)));
    }
    const count = (status: Finding["status"]): number =>
      findings.filter((finding) => finding.status === status).length;
    const summary = { problems: count("problem"), warnings: count("warning") };
    output.result({ ...summary, checks: findings }, () => [
      ...findings.flatMap((finding) => lines(finding)),
      "",
      `${summary.problems} problems, ${summary.warnings} warnings`,
    ]);
    return summary.problems === 0 ? undefined : EXIT.failed;

    function lines({ check, status, found, advice }: Finding): readonly string[] {
      const first = `${output.paint(TONES[status], SIGNS[status])} ${output.paint("strong", visible(check))}: ${visible(found)}`;
      return advice === undefined ? [first] : [first, `  ${visible(advice)}`];
    }
  },
});

async function checkConfigured(loaded: LoadedConfig, database: string): Promise<readonly Finding[]> {
  const { checkGateway } = await import("./check-gateway.ts");
  const findings = await checkGateway(loaded);
  const place = httpPlace(loaded.config);
  const left = readServeFile(database);
  if (place === undefined) return [...findings, ok("http port", "HTTP is switched off")];
  // The gateway itself has its port, as it should.
  if (left !== undefined && isAlive(left.pid)) return findings;
  return [...findings, await checkPort(place)];
}
