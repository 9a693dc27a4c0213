// Runs programs one after the other in one process, because starting Node and loading the packages takes most of the time of
// each. Prints a line of JSON for each: what it complained of, or nothing. Run by documents.test.ts.
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

const TURNS = 20_000;
const print = console.log;
let complaint: unknown;
process.on("unhandledRejection", (error) => {
  complaint = error;
});
process.on("uncaughtException", (error) => {
  complaint = error;
});

const atRest = resources().length;
for (const path of process.argv.slice(2)) {
  complaint = undefined;
  // What a program prints is for its reader.
  console.log = () => undefined;
  process.chdir(dirname(path));
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    complaint = error;
  }
  // What it started it has to end: timers, files, sockets, threads, processes.
  let turns = 0;
  do {
    // Node reports an unhandled rejection one turn later.
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  } while (turns < TURNS && (turns < 3 || resources().length > atRest));
  if (complaint === undefined && resources().length > atRest)
    complaint = `does not end: ${resources().join(", ")}`;
  console.log = print;
  const text = complaint instanceof Error ? String(complaint.stack) : complaint;
  print(JSON.stringify({ path, complaint: text === undefined ? "" : String(text) }));
}
process.exit();

/** What keeps the process alive, without the output that the last line may still be on its way through. */
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => !/^(Immediate|PipeWrap|TTYWrap)$/.test(name));
}
