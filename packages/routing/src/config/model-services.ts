/** A kind of model besides those for text, as the AI SDK names them. */
export type ModelKind = "embedding" | "image" | "speech" | "transcription" | "reranking";

/** A setting of the routing file that only some services have. */
export type ServiceSetting = "resource_name" | "api_version" | "region" | "project" | "location";

/** The names of a candidate's models, as the routing file spells them. */
export type ModelNames = { readonly model?: string } & {
  readonly [Kind in ModelKind as `${Kind}_model`]?: string;
};

/** One kind of model service: which package speaks to it, what it needs, and which candidates it has without configuration. */
export interface ModelService {
  /** The package of the AI SDK that speaks its protocol. */
  readonly packageName: string;
  /** Its address, where it is the same for everybody. */
  readonly baseUrl?: string;
  /** It has no address unless the routing file names one. */
  readonly needsBaseUrl?: true;
  /** The environment variable with its key, unless `api_key_env` names another. Absent: it needs no key. */
  readonly keyName?: string;
  /** Environment variables with secrets that stand in for the key, where it is not set. */
  readonly insteadOfKey?: { readonly required: readonly string[]; readonly optional?: readonly string[] };
  readonly settings?: { readonly [Setting in ServiceSetting]?: SettingSource };
  /** Whether its JSON answers follow a schema by default. Absent: the package knows, and it cannot be set. */
  readonly structuredOutputs?: boolean;
  /** The kinds of models that its package offers besides those for text. */
  readonly kinds: readonly ModelKind[];
  /** The candidates that it has without configuration, by name. */
  readonly candidates: Readonly<Record<string, ModelNames>>;
}

/** Where a setting comes from, and when the service can do without it. */
interface SettingSource {
  /** The environment variable that is read where the routing file does not have the setting. */
  readonly variable?: string;
  /** What makes the setting needless: a `base_url`, or a key. */
  readonly neededUnless?: readonly ("base_url" | "key")[];
  /** The service has a default for it. */
  readonly isOptional?: true;
}

/** What a setting can consist of. It becomes a part of an address, so it must not lead anywhere else. */
export const settingPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

/**
 * Every kind of service. The schema of the routing file, the names of built-in candidates, the loader of packages and the
 * tables of the guides follow from it.
 */
const modelServices = {
  openai: {
    packageName: "@ai-sdk/openai",
    baseUrl: "https://api.openai.com/v1",
    keyName: "OPENAI_API_KEY",
    kinds: ["embedding", "image", "speech", "transcription"],
    candidates: {
      openai: {
        model: "gpt-5.6",
        embedding_model: "text-embedding-3-small",
        image_model: "gpt-image-2",
        speech_model: "gpt-4o-mini-tts",
        transcription_model: "gpt-4o-transcribe",
      },
      "openai-mini": {
        model: "gpt-5.4-mini",
        embedding_model: "text-embedding-3-small",
        image_model: "gpt-image-1-mini",
        speech_model: "gpt-4o-mini-tts",
        transcription_model: "gpt-4o-mini-transcribe",
      },
    },
  },
  anthropic: {
    packageName: "@ai-sdk/anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    keyName: "ANTHROPIC_API_KEY",
    kinds: [],
    candidates: {
      "anthropic-sonnet": { model: "claude-sonnet-5-5" },
      "anthropic-haiku": { model: "claude-haiku-5-5" },
    },
  },
  google: {
    packageName: "@ai-sdk/google",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keyName: "GOOGLE_GENERATIVE_AI_API_KEY",
    kinds: ["embedding", "image", "speech", "transcription"],
    candidates: {
      google: {
        model: "gemini-flash-latest",
        embedding_model: "gemini-embedding-001",
        image_model: "gemini-2.5-flash-image",
        speech_model: "gemini-3.8-flash-tts",
        transcription_model: "gemini-3.5-transcribe",
      },
    },
  },
  azure: {
    packageName: "@ai-sdk/azure",
    keyName: "AZURE_API_KEY",
    settings: {
      resource_name: { variable: "AZURE_RESOURCE_NAME", neededUnless: ["base_url"] },
      api_version: { isOptional: true },
    },
    kinds: ["embedding", "image", "speech", "transcription"],
    // The models are deployments, whose names are the account's own.
    candidates: { azure: {} },
  },
  bedrock: {
    packageName: "@ai-sdk/amazon-bedrock",
    keyName: "AWS_BEARER_TOKEN_BEDROCK",
    insteadOfKey: {
      required: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
      optional: ["AWS_SESSION_TOKEN"],
    },
    settings: { region: { variable: "AWS_REGION" } },
    kinds: ["embedding", "image", "reranking"],
    // Which models an account may use, and under which names, depends on the account and its region.
    candidates: { bedrock: {} },
  },
  vertex: {
    packageName: "@ai-sdk/google-vertex",
    keyName: "GOOGLE_VERTEX_API_KEY",
    insteadOfKey: { required: ["GOOGLE_CLIENT_EMAIL", "GOOGLE_PRIVATE_KEY"] },
    settings: {
      project: { variable: "GOOGLE_VERTEX_PROJECT", neededUnless: ["key"] },
      location: { variable: "GOOGLE_VERTEX_LOCATION", neededUnless: ["key"] },
    },
    kinds: ["embedding", "image", "speech", "transcription"],
    candidates: {
      vertex: {
        model: "gemini-3.8-flash",
        embedding_model: "gemini-embedding-001",
        image_model: "gemini-2.5-flash-image",
      },
    },
  },
  mistral: {
    packageName: "@ai-sdk/mistral",
    baseUrl: "https://api.mistral.ai/v1",
    keyName: "MISTRAL_API_KEY",
    kinds: ["embedding", "speech", "transcription"],
    candidates: {
      mistral: {
        model: "mistral-medium-latest",
        embedding_model: "mistral-embed",
        transcription_model: "voxtral-mini-latest",
      },
    },
  },
  xai: {
    packageName: "@ai-sdk/xai",
    baseUrl: "https://api.x.ai/v1",
    keyName: "XAI_API_KEY",
    kinds: ["image", "speech", "transcription"],
    candidates: { xai: { model: "grok-latest", image_model: "grok-imagine-image" } },
  },
  groq: {
    packageName: "@ai-sdk/groq",
    baseUrl: "https://api.groq.com/openai/v1",
    keyName: "GROQ_API_KEY",
    kinds: ["transcription"],
    candidates: { groq: { model: "openai/gpt-oss-120b", transcription_model: "whisper-large-v3-turbo" } },
  },
  deepseek: {
    packageName: "@ai-sdk/deepseek",
    baseUrl: "https://api.deepseek.com",
    keyName: "DEEPSEEK_API_KEY",
    kinds: [],
    candidates: { deepseek: { model: "deepseek-flash" } },
  },
  // The services below speak the protocol of OpenAI. OpenRouter has a package of its own, which adds options for choosing
  // among its providers; by the protocol it needs nothing that is not installed for others anyway.
  openrouter: {
    packageName: "@ai-sdk/openai-compatible",
    baseUrl: "https://openrouter.ai/api/v1",
    keyName: "OPENROUTER_API_KEY",
    structuredOutputs: true,
    kinds: ["embedding", "image"],
    candidates: { openrouter: { model: "openrouter/auto" } },
  },
  // docs/decisions/0019-ollama.md
  ollama: {
    packageName: "@ai-sdk/openai-compatible",
    baseUrl: "http://127.0.0.1:11434/v1",
    structuredOutputs: false,
    kinds: ["embedding", "image"],
    candidates: { ollama: {} },
  },
  lmstudio: {
    packageName: "@ai-sdk/openai-compatible",
    baseUrl: "http://127.0.0.1:1234/v1",
    structuredOutputs: true,
    kinds: ["embedding", "image"],
    candidates: { lmstudio: {} },
  },
  vllm: {
    packageName: "@ai-sdk/openai-compatible",
    baseUrl: "http://127.0.0.1:8000/v1",
    structuredOutputs: true,
    kinds: ["embedding", "image"],
    candidates: { vllm: {} },
  },
  "openai-compatible": {
    packageName: "@ai-sdk/openai-compatible",
    needsBaseUrl: true,
    structuredOutputs: false,
    kinds: ["embedding", "image"],
    candidates: {},
  },
} as const satisfies Readonly<Record<string, ModelService>>;

/** The table with the literal types of its rows. */
export type ModelServices = typeof modelServices;

/** A kind of model service that can be configured. */
export type ServiceType = keyof typeof modelServices;

/** The kinds of services by name, where their differences do not matter. */
export const services: Readonly<Record<ServiceType, ModelService>> = modelServices;

/** The names of all kinds of services. */
// Sound: the table has no other keys.
export const serviceTypes = Object.keys(modelServices) as readonly ServiceType[];

/** What each built-in name but `mock` stands for. An entry of that name in `llm.providers` overrides it. */
export const builtInCandidates: ReadonlyMap<string, ModelNames & { readonly type: ServiceType }> = new Map(
  serviceTypes.flatMap((type) =>
    Object.entries(services[type].candidates).map(([name, models]) => [name, { type, ...models }] as const),
  ),
);

/** The kind of service that an entry of `llm.providers` stands for. */
export function serviceTypeOf(id: string, given: ServiceType | undefined): ServiceType {
  return given ?? builtInCandidates.get(id)?.type ?? "openai-compatible";
}
