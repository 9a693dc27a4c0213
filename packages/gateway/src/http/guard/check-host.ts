import { ProblemError } from "../problem/problem-error.ts";

/** The names of this machine, as a `Host` header spells them. */
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;

// A name or an address, and a port. Nothing else is a host: no user, no path, no blank.
const HOST = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;

/** Throws unless a `Host` is one of the server's own. */
export type CheckHost = (host: string | null) => void;

/**
 * Checks `Host` against a list. It stops DNS rebinding: a page whose name was made to point at this machine still sends its own name.
 * Compared as a whole, since `127.0.0.1.evil.example` begins with an address too.
 */
export function createHostCheck(allowed: readonly string[] | undefined): CheckHost {
  const isAllowed = allowed === undefined ? isLoopback : isAmong(allowed);
  return (host) => {
    if (host !== null && isAllowed(host.toLowerCase())) return;
    throw new ProblemError(
      "ATLAS_HTTP_HOST_REFUSED",
      "This server does not answer for the host of the request. Its operator names further ones in the option `hosts`.",
    );
  };
}

/** Checks the option `hosts`. */
export function checkHosts(what: string, hosts: unknown): void {
  if (!Array.isArray(hosts)) throw new TypeError(`${what}: hosts must be a list of texts.`);
  for (const host of hosts as readonly unknown[])
    if (typeof host !== "string" || !HOST.test(host.toLowerCase()))
      throw new TypeError(
        `${what}: hosts must hold hosts as browsers send them, such as "atlas.example.com" or "localhost:4400"; got ${JSON.stringify(host)}.`,
      );
}

/** The names of this machine at a port. Browsers leave out port 80. */
export function loopbackHosts(port: number): readonly string[] {
  return LOOPBACK_NAMES.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
}

function isAmong(hosts: readonly string[]): (host: string) => boolean {
  const known = new Set(hosts.map((host) => host.toLowerCase()));
  return (host) => known.has(host);
}

/** Mounted in a server of the host's, whose port is not known here. */
function isLoopback(host: string): boolean {
  const name = HOST.exec(host)?.[1];
  return LOOPBACK_NAMES.some((known) => known === name);
}
