import { canonicalJson, type Job, type JsonValue } from "@atlas/core";
import { PluginError } from "../contract/errors.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";
import type { CallKind } from "../module/tables.ts";
import { derivedId, digestOf } from "./derived-id.ts";
import type { StepTries, StepTry } from "./step-tries.ts";
import { checkWaitName } from "./waits/wait-name.ts";

/** What was made by an attempt at a job: an artifact, or a numbered child job. */
interface StoredCall {
  readonly kind: CallKind;
  readonly target: string;
  readonly digest: string | null;
  readonly attempt: number;
  readonly step: string | null;
}

/** The ids of what an attempt makes, and what earlier attempts have made. */
export interface AttemptCalls {
  /** Takes over what earlier attempts have made. Call it before the workflow runs. */
  load(stored: readonly StoredCall[]): void;
  /** The id of a call, and the command to be committed with it. Throws when the call of this number was another one before. */
  next(call: NextCall): { readonly id: string; readonly note?: PluginsCommand };
  /** The artifacts that the successful attempt leaves behind: those of earlier attempts that it has not made again. */
  stale(finishedIn: (step: string) => number | undefined): readonly string[];
  /** True when the attempt has noted something. */
  readonly used: boolean;
}

/** A call of `ctx.emitArtifact` or `ctx.spawnJob`. */
interface NextCall {
  readonly kind: CallKind;
  /** An id that the plugin has chosen. */
  readonly id: string | undefined;
  readonly key: string | undefined;
  /** What a call of the same number must have in common. */
  readonly content: readonly (JsonValue | undefined)[];
}

const METHOD = { artifact: "emitArtifact", job: "spawnJob" } as const satisfies Record<CallKind, string>;

/** The calls of one attempt. A call in a step counts within its step, since a finished step is not run again. */
export function createAttemptCalls(options: {
  readonly job: Pick<Job, "id" | "attempt">;
  readonly tries: StepTries;
}): AttemptCalls {
  const { job, tries } = options;
  const before = new Map<string, StoredCall>();
  const made = new Map<string, StepTry | undefined>();
  const numbers = new Map<StepTry | undefined, Record<CallKind, number>>();
  const keys = new Set<string>();
  let used = false;

  return {
    get used() {
      return used;
    },
    load(stored) {
      for (const call of stored) before.set(nameOf(call), call);
    },
    next({ kind, id: chosen, key, content }) {
      const step = tries.current();
      checkKey(kind, chosen, key);
      const number = chosen === undefined && key === undefined ? nextNumber(kind, step) : undefined;
      const id =
        chosen ??
        derivedId(job.id, kind, key !== undefined ? { key } : { number: number ?? 0, step: step?.name });
      const name = nameOf({ kind, target: id });
      const digest = number === undefined ? undefined : digestOf(content.map(jsonOf));
      if (number !== undefined) checkSame(kind, number, digest, before.get(name));
      if (kind === "artifact") made.set(name, step);
      // A child with a key or an id of its own needs no note: it is found by its id.
      else if (number === undefined) return { id };
      used = true;
      return { id, note: noteOf({ kind, target: id, digest, step }) };
    },
    stale(finishedIn) {
      return [...before.values()].filter((call) => isStale(call, finishedIn)).map(({ target }) => target);
    },
  };

  function noteOf(call: {
    readonly kind: CallKind;
    readonly target: string;
    readonly digest: string | undefined;
    readonly step: StepTry | undefined;
  }): PluginsCommand {
    const { kind, target, digest, step } = call;
    const stored: StoredCall = {
      kind,
      target,
      digest: digest ?? null,
      attempt: job.attempt,
      step: step?.name ?? null,
    };
    // Another try of the same step is checked against it too.
    before.set(nameOf(stored), stored);
    return {
      type: "plugins.job.call",
      job_id: job.id,
      kind,
      target,
      attempt: job.attempt,
      ...(digest === undefined ? {} : { digest }),
      ...(step === undefined ? {} : { step: step.name }),
    };
  }

  function nextNumber(kind: CallKind, step: StepTry | undefined): number {
    const counts = numbers.get(step) ?? { artifact: 0, job: 0 };
    numbers.set(step, counts);
    counts[kind] += 1;
    return counts[kind];
  }

  function checkKey(kind: CallKind, id: string | undefined, key: string | undefined): void {
    if (key === undefined) return;
    const what = `ctx.${METHOD[kind]}`;
    checkWaitName(what, key);
    if (id !== undefined)
      throw new TypeError(`${what} takes an id or a key, not both; got ${JSON.stringify({ id, key })}.`);
    // An artifact may be replaced by a newer one of the same key. Two children with one key would be one.
    if (kind === "artifact") return;
    if (keys.has(key)) {
      throw new PluginError(
        "ATLAS_PLUGINS_KEY_REUSED",
        { id: job.id, key },
        `${what}: the key "${key}" was already used in this attempt at the job "${job.id}". Give each child its own key, such as "page-1", "page-2".`,
      );
    }
    keys.add(key);
  }

  function checkSame(
    kind: CallKind,
    number: number,
    digest: string | undefined,
    known: StoredCall | undefined,
  ): void {
    if (known === undefined || known.digest === null || known.digest === digest) return;
    const method = METHOD[kind];
    throw new PluginError(
      "ATLAS_PLUGINS_CALL_CHANGED",
      { id: job.id, method, number },
      `ctx.${method}, call ${number} of the job "${job.id}": an earlier attempt made something else with this call, so the number does not say which one is meant. Pass a key that does: ctx.${method}(…, { key: "page-1" }).`,
    );
  }

  function isStale(call: StoredCall, finishedIn: (step: string) => number | undefined): boolean {
    if (call.kind !== "artifact") return false;
    const { step } = call;
    const name = nameOf(call);
    if (step === null) return !made.has(name);
    const last = tries.last(step);
    // Its step ran in this attempt: what the last try has made stays.
    if (last !== undefined) return made.get(name) !== last;
    const finished = finishedIn(step);
    return finished === undefined || call.attempt < finished;
  }
}

function nameOf({ kind, target }: Pick<StoredCall, "kind" | "target">): string {
  return `${kind}:${target}`;
}

function jsonOf(value: JsonValue | undefined): string {
  return value === undefined ? "" : canonicalJson(value);
}
