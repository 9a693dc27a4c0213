import { spawnSync } from "node:child_process";

/** A program that runs another one and is seen by nobody, or strikes at its system calls. */
export type Through = readonly [program: string, ...args: readonly string[]];

/** True where strace is there and is allowed to trace. */
export const hasStrace: boolean =
  spawnSync("strace", ["-f", "-e", "trace=fsync", "-o", "/dev/null", process.execPath, "-e", ""]).status ===
  0;

if (!hasStrace) console.log("No strace that may trace here: tests that strike at system calls are skipped.");

// Without --seccomp-bpf: with it, strace 6.1 never injects a signal.

/** Runs a host with `inject` (strace's own words, such as `fsync:error=EIO:when=20`) on its system calls. */
export function injecting(inject: string): Through {
  const [call] = inject.split(":");
  return ["strace", "-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${inject}`];
}
