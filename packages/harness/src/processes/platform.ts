import { HarnessError } from "../contract/errors.ts";
import { createLinuxProcesses } from "./linux-processes.ts";
import { createMacProcesses } from "./mac-processes.ts";
import type { ProcessSystem } from "./process-system.ts";

/** Chooses how processes are looked for. Throws `ATLAS_HARNESS_PLATFORM_UNSUPPORTED` where they cannot be owned. */
export function checkPlatform(platform: string): ProcessSystem {
  if (platform === "linux") return createLinuxProcesses();
  if (platform === "darwin") return createMacProcesses();
  throw new HarnessError(
    "ATLAS_HARNESS_PLATFORM_UNSUPPORTED",
    { platform },
    `Coding agents cannot run on "${platform}": Atlas cannot find and end all processes that an agent starts there. Use Linux, macOS, or Windows with WSL.`,
  );
}
