import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Through } from "./strace.ts";

/** One thing that a host did, in the order in which the kernel did it. */
export type Operation =
  | { readonly kind: "write"; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: string; readonly size: number }
  | { readonly kind: "sync"; readonly file: string }
  | { readonly kind: "print"; readonly text: string };

/** Runs a host and keeps what it writes, syncs and prints, with every byte. */
export function recording(log: string): Through {
  const calls = "trace=pwrite64,ftruncate,fsync,fdatasync,write";
  return ["strace", "-f", "-y", "-xx", "-s", "200000", "-e", calls, "-e", "signal=none", "-o", log];
}

const CALL = /^\d+ +(\w+)\((\d+)<([^>]*)>(.*)\) += (\d+)$/;

/** Reads a recording. Files are named by what stands behind the path of the database: "" or "-wal". */
export function readRecording(log: string, database: string): readonly Operation[] {
  const unfinished = new Map<string, string>();
  const operations: Operation[] = [];
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const pid = line.split(" ", 1)[0] as string;
    if (line.endsWith("<unfinished ...>")) {
      unfinished.set(pid, line.slice(0, -"<unfinished ...>".length).trimEnd());
      continue;
    }
    const resumed = / resumed>(.*)$/.exec(line);
    const whole = resumed === null ? line : `${unfinished.get(pid) ?? ""}${resumed[1]}`;
    const [, call, descriptor, path = "", rest = "", result] = CALL.exec(whole) ?? [];
    if (call === undefined) continue;
    const name = /^(\\x[0-9a-f]{2})+$/.test(path) ? bytesOf(path).toString() : path;
    if (call === "write") {
      if (descriptor === "1") operations.push({ kind: "print", text: text(rest).toString() });
      continue;
    }
    if (!name.startsWith(database)) continue;
    const file = name.slice(database.length);
    if (file !== "" && file !== "-wal") continue;
    if (call === "pwrite64") {
      const bytes = text(rest).subarray(0, Number(result));
      operations.push({ kind: "write", file, at: Number(rest.slice(rest.lastIndexOf(",") + 1)), bytes });
    } else if (call === "ftruncate") {
      operations.push({ kind: "truncate", file, size: Number(rest.slice(rest.lastIndexOf(",") + 1)) });
    } else {
      operations.push({ kind: "sync", file });
    }
  }
  return operations;
}

function text(args: string): Buffer {
  return bytesOf(/"([^"]*)"/.exec(args)?.[1] ?? "");
}

function bytesOf(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll("\\x", ""), "hex");
}

const SECTOR = 512;

/**
 * What a disk may hold after a loss of power: everything up to each file's last sync, and of what came later any part, in
 * any order, with sectors missing. `printed` is what was told to others by then.
 */
export function filesAfterPowerLoss(
  operations: readonly Operation[],
  before: ReadonlyMap<string, Buffer>,
): { readonly files: ReadonlyMap<string, Buffer>; readonly printed: string } {
  const lastSync = new Map<string, number>();
  for (const [index, { kind, ...operation }] of operations.entries()) {
    if (kind === "sync" && "file" in operation) lastSync.set(operation.file, index);
  }
  const extent = Math.max(
    ...[...before.values()].map(({ length }) => length),
    ...operations.map((one) => (one.kind === "write" ? one.at + one.bytes.length : 0)),
  );
  const disk = new Map<string, DiskFile>();
  const open = (name: string): DiskFile => {
    const known = disk.get(name);
    if (known !== undefined) return known;
    const file = { content: Buffer.alloc(extent), size: before.get(name)?.length ?? 0 };
    before.get(name)?.copy(file.content);
    disk.set(name, file);
    return file;
  };
  let printed = "";
  for (const [index, operation] of operations.entries()) {
    if (operation.kind === "print") printed += operation.text;
    if (operation.kind === "print" || operation.kind === "sync") continue;
    const isSafe = index < (lastSync.get(operation.file) ?? -1);
    if (operation.kind === "write") {
      write(open(operation.file), operation, isSafe ? "whole" : anyPart());
    } else if (isSafe || randomInt(2) === 0) {
      truncate(open(operation.file), operation.size);
    }
  }
  for (const name of before.keys()) open(name);
  const files = [...disk].map(([name, { content, size }]) => [name, content.subarray(0, size)] as const);
  return { files: new Map(files), printed };
}

interface DiskFile {
  readonly content: Buffer;
  size: number;
}

type Part = "whole" | "torn" | "none";

function anyPart(): Part {
  return (["whole", "torn", "none"] as const)[randomInt(3)] as Part;
}

function write(
  file: DiskFile,
  { at, bytes }: { readonly at: number; readonly bytes: Buffer },
  part: Part,
): void {
  if (part === "none") return;
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR - ((at + from) % SECTOR));
    if (part === "whole" || randomInt(2) === 0) bytes.copy(file.content, at + from, from, to);
    from = to;
  }
  file.size = Math.max(file.size, at + bytes.length);
}

function truncate(file: DiskFile, size: number): void {
  if (size < file.size) file.content.fill(0, size, file.size);
  file.size = size;
}
