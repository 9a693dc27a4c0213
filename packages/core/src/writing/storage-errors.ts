import { CoreError } from "../contract/errors.ts";
import type { StorageTrouble } from "../file/storage-trouble.ts";

/** The error for a command that waited too long for a locked or full disk. */
export function notWrittenInTime(reason: "busy" | "full", waitedMs: number, cause: Error): CoreError {
  const details = { waitedMs, outcome: "not applied" } as const;
  if (reason === "busy") {
    const message = `Another process kept the database locked for ${waitedMs} ms. The command was not applied. End that process, then send the command again.`;
    return new CoreError("ATLAS_CORE_STORAGE_BUSY", details, message, { cause });
  }
  const message = `The disk was full for ${waitedMs} ms. The command was not applied. Free some space, then send the command again.`;
  return new CoreError("ATLAS_CORE_STORAGE_FULL", details, message, { cause });
}

/** The error for a command that was waiting when the storage failed. */
export function storageFailed(options: {
  /** What SQLite said. */
  readonly problem: string;
  readonly cause: StorageTrouble | undefined;
  readonly outcome: "not applied" | "unknown";
}): CoreError {
  const { problem, cause, outcome } = options;
  const consequence =
    outcome === "unknown"
      ? "The commit failed, so the command may or may not have been applied. Send it again with the same command_id."
      : "The command was not applied.";
  const message = `The storage failed: ${problem}. ${consequence}`;
  return new CoreError("ATLAS_CORE_STORAGE_FAILED", { sqlite: cause?.sqlite ?? "", outcome }, message, {
    cause,
  });
}
