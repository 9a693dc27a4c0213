import type { Clock } from "@atlas/routing";
import type { HarnessAvailability, HarnessDriver, HarnessHost } from "../contract/driver.ts";

/** What is known of the agents: which of them are there. */
export interface Availabilities {
  /** Why an agent cannot be asked, by what was found last; `undefined` if it can, or was never looked for. */
  reasonAgainst(id: string): string | undefined;
  /** Looks for these agents again, unless that was done within a minute. It never rejects. */
  look(ids: readonly string[]): Promise<readonly HarnessAvailability[]>;
  /** Looks again next time, because an agent that was there has gone. */
  forget(id: string): void;
}

interface Looked {
  readonly at: number;
  readonly answer: Promise<HarnessAvailability>;
}

const LASTS_MS = 60_000;
const LONGEST_MS = 20_000;

/** Remembers for a minute which agents are there. */
export function createAvailabilities(
  drivers: ReadonlyMap<string, HarnessDriver>,
  host: HarnessHost,
  clock: Clock,
): Availabilities {
  const looked = new Map<string, Looked>();
  const found = new Map<string, HarnessAvailability>();

  return {
    reasonAgainst(id) {
      const answer = found.get(id);
      if (answer === undefined || answer.installed) return undefined;
      return answer.reason ?? "it is not installed";
    },
    look: (ids) => Promise.all(ids.map(answerFor)),
    forget(id) {
      looked.delete(id);
      found.delete(id);
    },
  };

  function answerFor(id: string): Promise<HarnessAvailability> {
    const before = looked.get(id);
    const now = clock.monotonic();
    if (before !== undefined && now - before.at < LASTS_MS) return before.answer;
    const answer = ask(id);
    looked.set(id, { at: now, answer });
    return answer;
  }

  async function ask(id: string): Promise<HarnessAvailability> {
    const driver = drivers.get(id);
    if (driver === undefined) return { installed: false, reason: "there is no such harness" };
    if (driver.available === undefined) return note(id, { installed: true });
    const { promise: late, resolve } = Promise.withResolvers<HarnessAvailability>();
    const cancel = clock.after(LONGEST_MS, () =>
      resolve({
        installed: false,
        reason: `it did not say within ${LONGEST_MS / 1_000} s whether it is there`,
      }),
    );
    try {
      return note(id, await Promise.race([driver.available(host), late]));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return note(id, { installed: false, reason: `whether it is there cannot be found out: ${said}` });
    } finally {
      cancel();
    }
  }

  function note(id: string, answer: HarnessAvailability): HarnessAvailability {
    found.set(id, answer);
    return answer;
  }
}
