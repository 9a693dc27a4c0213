import type { Candidate, Clock, ProviderConfig } from "@atlas/routing";
import { builtInCandidates, type ModelKind, services, serviceTypeOf } from "@atlas/routing/internal";
import { fromModels, type LanguageModel } from "../ai-sdk/from-model.ts";
import { LLMError } from "../contract/errors.ts";
import type { LLMRuntime } from "../contract/runtime.ts";
import { type ModelOfKind, optionOfKind } from "../models/model-kind.ts";
import type { ModelSource } from "../models/model-source.ts";
import { limitsOf } from "./candidate-limits.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import type { ServiceModels } from "./load-service.ts";
import { PackageMissing, reasonNotInstalled } from "./optional-package.ts";
import { accessTo } from "./service-access.ts";

const MOST_MODELS = 100;
/** An answer of 2,048 embeddings takes 75 MB as JSON, and images and sound are large, too. */
const MAX_OTHER_BYTES = 100_000_000;

/** What providers take from their host. */
export interface ProviderHost {
  /** Where keys are looked up. The host decides what to pass, such as `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** A candidate of the routing file, and what it offers besides text. */
export interface Provider {
  readonly candidate: Candidate<LLMRuntime>;
  readonly models: ModelSource;
  /** Why it is asked for other things only. */
  readonly noText: string | undefined;
}

/**
 * A candidate for one name of the routing file. Its package is loaded at the first call. If the package, the key or a setting
 * is missing, the candidate is skipped and gives the reason.
 */
export function createProvider(
  id: string,
  given: ProviderConfig,
  { env, clock, fetch }: ProviderHost,
): Provider {
  const builtIn = builtInCandidates.get(id);
  const config: ProviderConfig = { ...builtIn, ...given };
  const type = serviceTypeOf(id, config.type);
  const { packageName, structuredOutputs = false } = services[type];
  const access = accessTo(id, type, { config, env });
  const { secrets } = access;
  const { model, attempt_ms, idle_ms } = config;
  const provider = builtIn === undefined ? id : type;

  const noText = model === undefined ? `it has no model: set llm.providers.${id}.model` : undefined;
  const hasOther = Object.values(optionOfKind).some((option) => config[option] !== undefined);
  let missing = access.missing ?? (hasOther ? undefined : noText) ?? reasonNotInstalled(packageName);
  // One for texts and one for everything else, whose answers may be larger.
  const loading = new Map<"text" | "other", Promise<ServiceModels>>();
  // A model is made once: making it costs half a millisecond, because its package builds its schemas anew.
  const made = new Map<string, LanguageModel>();
  const others = new Map<ModelKind, ModelOfKind[ModelKind]>();

  const runtime = fromModels(
    async (name = model ?? "") => {
      const found = made.get(name) ?? (await load("text", name)).languageModel(name);
      if (made.size >= MOST_MODELS) made.clear();
      made.set(name, found);
      return found;
    },
    {
      provider,
      modelId: model,
      secrets,
      clock,
      // The router limits the time until the first part, so that there is one limit for it.
      ...(attempt_ms === undefined ? {} : { firstPartMs: attempt_ms }),
      ...(idle_ms === undefined ? {} : { idleMs: idle_ms }),
    },
  );
  return {
    candidate: {
      runtime,
      unavailable: () => missing,
      ...(model === undefined ? {} : { model }),
      ...limitsOf(given),
    },
    noText: hasOther ? noText : undefined,
    models: {
      provider,
      secrets,
      embeddingSpace: config.embedding_space,
      embeddingDimensions: config.embedding_dimensions,
      nameOf: (kind) => config[optionOfKind[kind]],
      howToAdd: (kind) => `set llm.providers.${id}.${optionOfKind[kind]}`,
      async model<Kind extends ModelKind>(kind: Kind): Promise<ModelOfKind[Kind]> {
        const name = config[optionOfKind[kind]] ?? "";
        const found = others.get(kind) ?? make(await load("other", name), kind, name);
        others.set(kind, found);
        // Sound: the map holds for each kind what was made for it.
        return found as ModelOfKind[Kind];
      },
    },
  };

  async function load(use: "text" | "other", name: string): Promise<ServiceModels> {
    const current = loading.get(use) ?? loadNow(use);
    loading.set(use, current);
    try {
      return await current;
    } catch (error) {
      loading.delete(use);
      if (!(error instanceof PackageMissing)) throw error;
      // From now on the candidate is skipped instead of failing.
      missing = error.message;
      const message = `"${id}" cannot be asked: ${error.message}.`;
      throw new LLMError("ATLAS_LLM_MISCONFIGURED", { provider: id, model: name }, message);
    }
  }

  async function loadNow(use: "text" | "other"): Promise<ServiceModels> {
    // Only now: a host that never asks a service need not wait for this at its start.
    const { loadService } = await import("./load-service.ts");
    return loadService(type, {
      ...access,
      name: id,
      structuredOutputs: config.structured_outputs ?? structuredOutputs,
      fetch: use === "text" ? createGuardedFetch(fetch) : createGuardedFetch(fetch, MAX_OTHER_BYTES),
      clock,
    });
  }

  function make(service: ServiceModels, kind: ModelKind, name: string): ModelOfKind[ModelKind] {
    const found =
      kind === "embedding"
        ? service.embeddingModel(name)
        : kind === "image"
          ? service.imageModel(name)
          : service[`${kind}Model`]?.(name);
    if (found !== undefined) return found;
    throw new Error(`${packageName} offers no ${kind} models`);
  }
}
