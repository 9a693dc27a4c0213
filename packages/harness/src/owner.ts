import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

/** Names a process for good. A pid is used again, also after a start of the machine. */
export interface Owner {
  readonly pid: number;
  /** When the process started, in the words of the system. */
  readonly startTime: string;
  /** Another text after each start of the machine. Empty where the system has none. */
  readonly bootId: string;
}

/** The owner that this process is. */
export async function currentOwner(): Promise<Owner> {
  const startTime = await startTimeOf(process.pid);
  return { pid: process.pid, startTime: startTime ?? "", bootId: await bootId() };
}

/** Tells whether that very process is alive. */
export async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.bootId !== (await bootId())) return false;
  return owner.startTime === (await startTimeOf(owner.pid));
}

async function bootId(): Promise<string> {
  return process.platform === "linux"
    ? (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim()
    : "";
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return await startTimeByPs(pid);
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in brackets. It may hold brackets and spaces itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return isEnded(fields[0]) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** A process that nobody has collected yet is still listed, but it does nothing any more. */
const isEnded = (state: string | undefined): boolean => state === "Z" || state === "X";

async function startTimeByPs(pid: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    execFile("/bin/ps", ["-o", "lstart=", "-p", String(pid)], { env: { LC_ALL: "C" } }, (error, stdout) => {
      resolve(error === null && stdout.trim() !== "" ? stdout.trim() : undefined);
    });
  });
}
