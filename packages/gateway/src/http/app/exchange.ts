/** What the guards found out about a request before its route was known. */
export interface Exchange {
  readonly requestId: string;
  /** Whom failed attempts are counted for: the address of the connection, or everybody where a host hands over none. */
  readonly peer: string;
  /** When it came, on the monotonic clock. */
  readonly at: number;
}

/** What a server of Node passes along with a request; other servers pass nothing, or something else. */
interface NodeBindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

/** The address at the other end of the connection. Headers of proxies are not looked at: everybody can send them. */
export function peerOf(bindings: unknown): string {
  return (bindings as NodeBindings | undefined)?.incoming?.socket?.remoteAddress ?? "everybody";
}
