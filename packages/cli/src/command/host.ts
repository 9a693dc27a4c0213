import type { ReadStream, WriteStream } from "node:tty";

/** The process around a command, so that only `main.ts` names it. */
export interface Host {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
}
