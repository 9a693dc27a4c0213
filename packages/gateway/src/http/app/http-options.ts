import { checkOptions } from "@atlas/core/internal";
import type { BackupsOptions } from "../routes/route-host.ts";

/** Options of `createHttp`. All are optional; other names are refused. */
export interface HttpOptions {
  /** A token with all scopes, of at least 32 characters, such as `process.env.ATLAS_TOKEN`. Default: none. */
  readonly token?: string | undefined;
  /** Where `POST /maintenance/backups` puts its copies. Default: it answers 409. */
  readonly backups?: BackupsOptions;
  /** How many streams of events may be open, 1 to 100,000. Default: 1,024. Each holds at most 1 MiB for a slow client. */
  readonly maxStreams?: number;
}

const OPTIONS: Readonly<Record<keyof HttpOptions, true>> = { token: true, backups: true, maxStreams: true };
const LEAST_CHARACTERS = 32;

/** Refuses options that do not exist or make no sense. */
export function checkHttpOptions(options: HttpOptions): void {
  checkOptions("createHttp", options, Object.keys(OPTIONS));
  const { token } = options;
  if (token !== undefined && !(typeof token === "string" && token.length >= LEAST_CHARACTERS))
    throw new TypeError(
      `createHttp: token must be a text of at least ${LEAST_CHARACTERS} characters. Make one with gateway.tokens.create, or from random bytes.`,
    );
}
