/**
 * What a `Retry-After` header asks for, in milliseconds: it holds seconds or an HTTP date (RFC 9110, 10.2.3). Anything
 * else, and a negative number, says nothing.
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  // A date begins with the name of a day; Date.parse alone would take "-5" for a year.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
