// Opens the console in headless Chromium: `npm run test:console`. Screenshots lie in node_modules/.cache/atlas/console afterwards.
import { consoleSteps } from "./console-steps.ts";
import { runSteps } from "./run-steps.ts";

const { exitCode, summary } = runSteps(consoleSteps());
console.log(`\n${summary.join("\n")}`);
process.exitCode = exitCode;
