// Kills agents and the process that runs them, and checks what is left: npm run test:soak:agents -- [--runs 500] [--concurrency 8] [--seed n]
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "500" },
    concurrency: { type: "string", default: "8" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const runs = Number(values.runs);
const concurrency = Number(values.concurrency);
const seed = Number(values.seed);
if (
  ![runs, concurrency, seed].every((value) => Number.isSafeInteger(value) && value >= 0) ||
  concurrency < 1
) {
  throw new TypeError(
    "--runs, --concurrency and --seed take whole numbers, such as --runs 500 --concurrency 8 --seed 1.",
  );
}

const startedAt = performance.now();
console.log(`Soak of agents with seed ${seed}: ${runs} runs, ${concurrency} at a time.`);
const { problems, folder, outcomes, ...counts } = await soak({
  runs,
  concurrency,
  seed,
  onProgress: (text) => console.log(text),
});
const ends = Object.entries(outcomes).map(([name, count]) => `${count} ${name}`);
const summary = `${Math.round((performance.now() - startedAt) / 1_000)} s, ${counts.lives} lives: ${counts.hostsKilled} hosts and ${counts.agentsKilled} agents killed, ${counts.orphans} processes orphaned by killed hosts, ${counts.undone} half applied changes undone, ${counts.torn} copies made in the middle of an apply; runs: ${ends.join(", ")}.`;
if (problems.length === 0) {
  console.log(`Nothing was left, and every folder is as the runs say. ${summary}`);
} else {
  for (const problem of problems.slice(0, 20)) console.error(problem);
  console.error(`FAILED with seed ${seed}: ${problems.length} problems. ${summary}
The state and the callers' folders are kept in ${folder}.
Again: npm run test:soak:agents -- --seed ${seed} --runs ${runs} --concurrency ${concurrency} (the choices are the same, their timing is not).`);
  process.exitCode = 1;
}
