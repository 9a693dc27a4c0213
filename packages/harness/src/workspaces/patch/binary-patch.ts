import { inflateSync } from "node:zlib";

/** The new content of a binary file: as a whole, or as a difference from the old one. */
export interface BinaryPatch {
  readonly method: "literal" | "delta";
  readonly sizeBytes: number;
  /** Compressed, and in the base 85 of git, line by line. */
  readonly lines: readonly string[];
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const values = new Map([...alphabet].map((character, value) => [character, value]));

/** Makes the new content. Throws an `Error` with the reason if the patch is broken or is not one of this content. */
export function applyBinaryPatch(before: Buffer, { method, sizeBytes, lines }: BinaryPatch): Buffer {
  const data = inflateSync(Buffer.concat(lines.map(decodeLine)), { maxOutputLength: Math.max(1, sizeBytes) });
  if (data.length !== sizeBytes)
    throw new Error(`a binary patch has ${data.length} bytes instead of ${sizeBytes}`);
  return method === "literal" ? data : applyDelta(before, data);
}

/** The first character tells how many bytes the others make: five characters make four bytes. */
function decodeLine(line: string): Buffer {
  const code = line.charCodeAt(0);
  const length = code >= 97 ? code - 97 + 27 : code - 65 + 1;
  const groups = Math.ceil(length / 4);
  if (!/^[A-Za-z]/.test(line) || line.length !== 1 + groups * 5)
    throw new Error("a line of a binary patch has a wrong length");
  const bytes = Buffer.alloc(groups * 4);
  for (let group = 0; group < groups; group += 1) {
    let value = 0;
    for (const character of line.slice(1 + group * 5, 6 + group * 5)) {
      const digit = values.get(character);
      if (digit === undefined) throw new Error("a binary patch holds an unknown character");
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) throw new Error("a binary patch holds a number that is too large");
    bytes.writeUInt32BE(value, group * 4);
  }
  return bytes.subarray(0, length);
}

/** Follows the instructions of a delta: copy a range of the old content, or insert bytes. */
function applyDelta(before: Buffer, delta: Buffer): Buffer {
  let at = 0;
  const next = (): number => {
    const byte = delta[at];
    if (byte === undefined) throw new Error("a binary patch ends too early");
    at += 1;
    return byte;
  };
  const size = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = next();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  if (size() !== before.length) throw new Error("a binary patch is one of another content");
  const after = Buffer.alloc(checkedSize(size()));
  let written = 0;
  while (at < delta.length) {
    const instruction = next();
    let part: Buffer;
    if (instruction >= 128) {
      const number = (bits: number, count: number): number => {
        let value = 0;
        for (let byte = 0; byte < count; byte += 1) if (bits & (1 << byte)) value += next() * 256 ** byte;
        return value;
      };
      const offset = number(instruction & 15, 4);
      const length = number((instruction >> 4) & 7, 3) || 0x1_0000;
      part = before.subarray(offset, offset + length);
      if (part.length !== length) throw new Error("a binary patch copies more than there is");
    } else {
      part = delta.subarray(at, at + instruction);
      if (instruction === 0 || part.length !== instruction) throw new Error("a binary patch ends too early");
      at += instruction;
    }
    if (written + part.length > after.length) throw new Error("a binary patch writes more than it said");
    written += part.copy(after, written);
  }
  if (written !== after.length) throw new Error("a binary patch writes less than it said");
  return after;
}

const MAX_BYTES = 1_073_741_824;

function checkedSize(sizeBytes: number): number {
  if (sizeBytes > MAX_BYTES) throw new Error(`a binary patch makes a file of ${sizeBytes} bytes`);
  return sizeBytes;
}
