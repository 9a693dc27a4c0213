import type { JSONObject } from "@ai-sdk/provider";
import type { Candidate, Clock, Profiles, Router } from "@atlas/routing";
import { candidatesOf, type ModelKind, profileName } from "@atlas/routing/internal";
import { toLLMError } from "../ai-sdk/failures/to-llm-error.ts";
import { isLLMError, LLMError } from "../contract/errors.ts";
import type { LLMRuntime } from "../contract/runtime.ts";
import { routeError } from "../router/route-error.ts";
import { createKindPauses } from "./kind-pauses.ts";
import type { ModelOfKind } from "./model-kind.ts";
import type { ModelSource } from "./model-source.ts";
import { howToPass } from "./own-models.ts";
import { reasonNotComparable } from "./same-space.ts";

/** Routes calls of models that are not for text, over the candidates and the memory of the router for text. */
export interface KindRouter {
  /** Asks one candidate after the other for a model of a kind, until one answers. */
  ask<Kind extends ModelKind, Answer>(kind: Kind, call: KindCall<Kind, Answer>): Promise<KindAnswer<Answer>>;
  /** The models that may answer a call, as far as they can be loaded. */
  models<Kind extends ModelKind>(
    kind: Kind,
    profile: string | undefined,
  ): Promise<readonly ModelOfKind[Kind][]>;
  /** The name of a profile. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`. */
  profileName(profile: string | undefined): string;
}

/** One call, whoever answers it. */
interface KindCall<Kind extends ModelKind, Answer> {
  readonly profile: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** The tokens that the call will probably use. Default: unknown. */
  readonly tokens?: number;
  use(
    model: ModelOfKind[Kind],
    attempt: { readonly signal: AbortSignal; readonly source: ModelSource },
  ): PromiseLike<Answer>;
  /** Throws an `LLMError` if the answer is none. */
  check(answer: Answer, attempt: { readonly source: ModelSource; readonly model: string }): void;
  /** The tokens that the answer cost, where it says so. */
  usage?(answer: Answer): Readonly<Record<string, number | undefined>> | undefined;
}

/** An answer with its evidence, which is plain data. */
interface KindAnswer<Answer> {
  readonly answer: Answer;
  readonly evidence: JSONObject;
}

/** Creates it over the router for text: a service whose key is refused is refused for all kinds. */
export function createKindRouter(options: {
  readonly router: Router<LLMRuntime>;
  readonly config: Profiles;
  /** Every profile is the same one, because there is no configuration. */
  readonly ignoresProfile: boolean;
  readonly candidates: ReadonlyMap<string, Candidate<LLMRuntime>>;
  readonly sources: ReadonlyMap<string, ModelSource>;
  readonly deadlineMs: number;
  /** How long a candidate is not asked for a kind whose model it refused. */
  readonly pauseMs: number;
  readonly clock: Clock;
}): KindRouter {
  const { router, config, candidates, sources, deadlineMs, clock } = options;
  const pauses = createKindPauses(options.pauseMs);

  return {
    profileName: nameOfProfile,
    async ask(kind, call) {
      const { signal, tokens } = call;
      const outcome = await router.route(
        {
          profile: options.ignoresProfile ? undefined : call.profile,
          signal,
          deadlineAt: clock.monotonic() + deadlineMs,
          model: (candidate) => sources.get(candidate)?.nameOf(kind),
          unfit: unfitFor(kind, call.profile),
          ...(tokens === undefined ? {} : { tokens }),
        },
        async (_, attempt) => {
          const { candidate } = attempt;
          const source = sources.get(candidate);
          // Unreachable: such a candidate is skipped.
          if (source === undefined) throw new TypeError(`"${candidate}" has no models.`);
          const answer = await askSource(kind, call, { candidate, source, signal: attempt.signal });
          attempt.used(call.usage?.(answer) ?? {});
          return { answer, provider: source.provider, model: source.nameOf(kind) };
        },
      );
      if (outcome.status === "failed") {
        // The caller aborted the call, so it gets its own reason back.
        if (outcome.why === "aborted") signal?.throwIfAborted();
        throw routeError(outcome, undefined, clock.now());
      }
      const { route, candidate } = outcome;
      const { answer, provider, model = "" } = outcome.answer;
      return { answer, evidence: plain({ candidate, provider, model, route }) };
    },
    async models(kind, profile) {
      const unfit = unfitFor(kind, profile);
      const loaded = await Promise.allSettled(
        candidatesOf(config, nameOfProfile(profile)).map(async ({ candidate }) => {
          const known = candidates.get(candidate);
          if (known === undefined || unfit(candidate) !== undefined || known.unavailable?.() !== undefined) {
            return undefined;
          }
          return sources.get(candidate)?.model(kind);
        }),
      );
      return loaded.flatMap((one) =>
        one.status === "fulfilled" && one.value !== undefined ? [one.value] : [],
      );
    },
  };

  function nameOfProfile(profile: string | undefined): string {
    return profileName(config, options.ignoresProfile ? undefined : profile);
  }

  async function askSource<Kind extends ModelKind, Answer>(
    kind: Kind,
    call: KindCall<Kind, Answer>,
    { candidate, source, signal }: { candidate: string; source: ModelSource; signal: AbortSignal },
  ): Promise<Answer> {
    const model = source.nameOf(kind) ?? "";
    const asked = { provider: source.provider, model, secrets: source.secrets, now: clock.now() };
    try {
      const answer = await call.use(await modelOf(kind, source), { signal, source });
      call.check(answer, { source, model });
      return answer;
    } catch (error) {
      const said = toLLMError(error, asked);
      // An unknown model says nothing about the service's other models. (The key and the address do.)
      const isOnlyThis =
        error instanceof NotOffered ||
        (said.code === "ATLAS_LLM_MISCONFIGURED" &&
          toLLMError(error, { ...asked, isChosen: true }).code === "ATLAS_LLM_REJECTED");
      if (!isOnlyThis) throw said;
      pauses.begin(candidate, kind, clock.monotonic());
      const details = "provider" in said.details ? said.details : asked;
      throw new LLMError("ATLAS_LLM_FAILED", { ...details, provider: source.provider }, said.message);
    }
  }

  function unfitFor(kind: ModelKind, profile: string | undefined): (candidate: string) => string | undefined {
    const first =
      kind !== "embedding"
        ? undefined
        : candidatesOf(config, nameOfProfile(profile)).find(
            ({ candidate }) => sources.get(candidate)?.nameOf(kind) !== undefined,
          )?.candidate;
    return (candidate) => {
      const source = sources.get(candidate);
      const name = source?.nameOf(kind);
      if (source === undefined || name === undefined) {
        return `it has no ${kind} model: ${source?.howToAdd(kind) ?? howToPass(candidate, kind)}`;
      }
      return (
        pauses.reason(candidate, kind, { name, now: clock.monotonic() }) ??
        (first === undefined || first === candidate
          ? undefined
          : reasonNotComparable(source, { id: first, source: sources.get(first) }))
      );
    };
  }
}

/** The package has no models of the kind, or not with these settings. */
class NotOffered extends Error {
  override readonly name = "NotOffered";
}

async function modelOf<Kind extends ModelKind>(kind: Kind, source: ModelSource): Promise<ModelOfKind[Kind]> {
  try {
    return await source.model(kind);
  } catch (error) {
    // A package that is not installed is missing for all kinds.
    if (isLLMError(error)) throw error;
    throw new NotOffered(error instanceof Error ? error.message : String(error));
  }
}

/** Plain data: an attempt can hold a number that JSON does not have. */
function plain(value: object): JSONObject {
  return JSON.parse(JSON.stringify(value));
}
