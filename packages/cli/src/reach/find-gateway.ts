import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Client, createClient } from "@atlas/gateway/client";
import { CommandError, notRunning, usage } from "../command/command-error.ts";
import { EXIT } from "../command/exit-code.ts";
import type { Host } from "../command/host.ts";
import { type FoundDatabase, findDatabase } from "./find-database.ts";
import { isAlive, readServeFile, serveFilePath } from "./serve-file.ts";

/** Where a command finds what it is about: a running gateway, or only its file. */
export type Reached =
  | {
      readonly kind: "gateway";
      readonly client: Client;
      readonly url: string;
      readonly database?: FoundDatabase;
    }
  | {
      readonly kind: "file";
      readonly database: FoundDatabase;
      /** Why a gateway that left its address is not asked. */
      readonly stale?: string;
    };

/** The options that say where the gateway is. */
export interface ReachArgs {
  readonly config?: string | undefined;
  readonly database?: string | undefined;
  readonly url?: string | undefined;
  readonly "token-file"?: string | undefined;
}

// A gateway on the same machine answers at once; another one may be far away.
const PROBE_MS = 2_000;

/**
 * Looks for a running gateway: at `--url` or `ATLAS_URL`, else at the address that `atlas start` left beside the database. The token is
 * never taken from the command line, where other users of the machine could read it.
 */
export async function findGateway(host: Host, args: ReachArgs): Promise<Reached> {
  const given = args.url ?? (args.database === undefined ? host.env["ATLAS_URL"] : undefined);
  if (given !== undefined) return { kind: "gateway", ...(await atUrl(host, given, args["token-file"])) };
  const database = await findDatabase(host, args);
  const left = readServeFile(database.path);
  if (left === undefined) return { kind: "file", database };
  const file = serveFilePath(database.path);
  if (!isAlive(left.pid))
    return { kind: "file", database, stale: `${file} names process ${left.pid}, which has ended.` };
  const { url, token } = left;
  if (!(await answers(url)))
    return { kind: "file", database, stale: `${file} names ${url}, where no gateway answers.` };
  return { kind: "gateway", client: createClient({ url, token, wait: waitFor(left.pid) }), url, database };
}

async function atUrl(host: Host, text: string, tokenFile: string | undefined) {
  const url = checkUrl(text);
  const token = tokenFile === undefined ? host.env["ATLAS_TOKEN"] : readToken(resolve(host.cwd, tokenFile));
  if (!(await answers(url)))
    throw notRunning(
      `No gateway answers at ${url}. Check --url or ATLAS_URL, or start it with \`atlas start\`.`,
    );
  return { client: createClient({ url, ...(token === undefined ? {} : { token }) }), url };
}

/** Waits before a repetition, unless the gateway has ended meanwhile: nobody would ever answer. */
function waitFor(pid: number) {
  return async (waitMs: number, signal: AbortSignal | undefined): Promise<void> => {
    if (!isAlive(pid))
      throw notRunning(
        `The gateway of process ${pid} has ended. Start it with \`atlas start\`, then try again.`,
      );
    await setTimeout(waitMs, undefined, signal === undefined ? {} : { signal });
  };
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw usage(`--url must be an address such as http://127.0.0.1:4400; got "${text}".`);
  if (url.username !== "" || url.password !== "")
    throw usage(
      "--url must not hold a user or password. Put the token into a file, and name it with --token-file.",
    );
  return url.href.replace(/\/$/, "");
}

function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new CommandError(
      EXIT.usage,
      "ATLAS_CLI_USAGE",
      `The token file ${file} cannot be read (${code}).`,
      { cause },
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw usage(`The token file ${file} must hold one token and nothing else.`);
  return token;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, {
      signal: AbortSignal.timeout(PROBE_MS),
      redirect: "error",
    });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
