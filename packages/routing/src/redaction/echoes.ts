const SHORTEST_RUN = 8;
const SHORTEST_END = 2;
const LONGEST_TOKEN = 200;
// The time that the search for parts takes grows with the text, and an echo stands in a message, not in megabytes.
const LONGEST_TEXT = 1_000_000;

/**
 * Replaces what a service echoed of a secret: a part of at least eight characters, such as a key that was cut off, and an end
 * beside a mask, such as `sk-a****wxyz`.
 */
export function withoutEchoes(text: string, secret: string, mark: string): string {
  if (secret.length < SHORTEST_RUN || text.length > LONGEST_TEXT) return text;
  return withoutRuns(withoutMasked(text, secret, mark), secret, mark);
}

function withoutRuns(text: string, secret: string, mark: string): string {
  let rest = text;
  for (let start = 0; start + SHORTEST_RUN <= secret.length; start += 1) {
    const run = secret.slice(start, start + SHORTEST_RUN);
    for (let at = rest.indexOf(run); at >= 0; at = rest.indexOf(run, at + mark.length)) {
      let length = SHORTEST_RUN;
      while (start + length < secret.length && rest[at + length] === secret[start + length]) length += 1;
      rest = rest.slice(0, at) + mark + rest.slice(at + length);
    }
  }
  return rest;
}

function withoutMasked(text: string, secret: string, mark: string): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { index, 0: mask } of text.matchAll(/[*•·…]{2,64}|…|\.{3,64}/g)) {
    if (index < done) continue;
    const head = /[\w-]*$/.exec(text.slice(Math.max(done, index - LONGEST_TOKEN), index))?.[0] ?? "";
    const after = index + mask.length;
    const tail = /^[\w-]*/.exec(text.slice(after, after + LONGEST_TOKEN))?.[0] ?? "";
    const isHead = head.length >= SHORTEST_END && secret.startsWith(head);
    const isTail = tail.length >= SHORTEST_END && secret.endsWith(tail);
    if (!isHead && !isTail) continue;
    pieces.push(text.slice(done, index - (isHead ? head.length : 0)), mark);
    done = after + (isTail ? tail.length : 0);
  }
  return pieces.join("") + text.slice(done);
}
