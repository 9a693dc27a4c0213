import { HarnessError } from "../../contract/errors.ts";

const PACKAGE = "@agentclientprotocol/sdk";

/** What the package exports. */
export type AcpSdk = typeof import("@agentclientprotocol/sdk");

/** Loads the package when the first agent is started: who uses none does not install it. */
export async function loadAcpSdk(harness: string): Promise<AcpSdk> {
  try {
    // The specifier is no constant, so that a bundler leaves it alone instead of failing for those who have not installed it.
    const name: string = PACKAGE;
    // Sound: the package's own types describe what it exports.
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as AcpSdk;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new HarnessError(
      "ATLAS_HARNESS_UNAVAILABLE",
      { harness },
      `Agent "${harness}" speaks the Agent Client Protocol, and the package ${PACKAGE} is not installed: npm install ${PACKAGE}`,
      { cause: error },
    );
  }
}

function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return false;
  return error.message.includes(`'${PACKAGE}'`);
}
