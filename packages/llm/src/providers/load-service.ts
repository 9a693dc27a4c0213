import type { ProviderV4 } from "@ai-sdk/provider";
import type { Clock } from "@atlas/routing";
import { type ServiceType, services } from "@atlas/routing/internal";
import { createGoogleToken } from "./google-token.ts";
import { loadOptional } from "./optional-package.ts";
import type { ServiceAccess } from "./service-access.ts";

/** What makes the models of a service by their names. */
export type ServiceModels = Pick<
  ProviderV4,
  "languageModel" | "embeddingModel" | "imageModel" | "speechModel" | "transcriptionModel" | "rerankingModel"
>;

/** Everything that a provider package needs. It takes nothing from the environment of the process. */
export interface ServiceSettings
  extends Pick<ServiceAccess, "baseURL" | "apiKey" | "insteadOfKey" | "settings"> {
  readonly name: string;
  readonly structuredOutputs: boolean;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Loads the package for a kind of service, and makes its models with what it is given. */
export async function loadService(type: ServiceType, given: ServiceSettings): Promise<ServiceModels> {
  return makers[type](await loadOptional(services[type].packageName), given);
}

type Maker = (loaded: unknown, given: ServiceSettings) => ServiceModels;

// A package reads the environment of the process where a setting is `undefined`, so each gets a text, even an empty one.
// In each row, the cast is sound because the table of services names that package for that kind of service.
const makers: Readonly<Record<ServiceType, Maker>> = {
  openai(loaded, given) {
    const { createOpenAI } = loaded as typeof import("@ai-sdk/openai");
    return createOpenAI(common(given));
  },
  anthropic(loaded, given) {
    const { createAnthropic } = loaded as typeof import("@ai-sdk/anthropic");
    return createAnthropic(common(given));
  },
  google(loaded, given) {
    const { createGoogle } = loaded as typeof import("@ai-sdk/google");
    return createGoogle(common(given));
  },
  azure(loaded, { baseURL, apiKey = "", settings, fetch }) {
    const { createAzure } = loaded as typeof import("@ai-sdk/azure");
    const { resource_name: resourceName = "", api_version: apiVersion } = settings;
    const azure = createAzure({
      apiKey,
      resourceName,
      fetch,
      ...(baseURL === undefined ? {} : { baseURL }),
      ...(apiVersion === undefined ? {} : { apiVersion }),
    });
    return { ...azure, speechModel: azure.speech };
  },
  bedrock(loaded, { baseURL, apiKey = "", insteadOfKey, settings, fetch }) {
    const { createAmazonBedrock } = loaded as typeof import("@ai-sdk/amazon-bedrock");
    const { region = "" } = settings;
    const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN } = insteadOfKey;
    const create = (host: string) =>
      createAmazonBedrock({
        region,
        apiKey,
        accessKeyId: AWS_ACCESS_KEY_ID,
        secretAccessKey: AWS_SECRET_ACCESS_KEY,
        ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
        // Without an address, the package would take one from the environment of the process.
        baseURL: baseURL ?? `https://${host}.${region}.${dnsSuffixOf(region)}`,
        fetch,
      });
    const bedrock = create("bedrock-runtime");
    return { ...bedrock, rerankingModel: create("bedrock-agent-runtime").rerankingModel };
  },
  vertex(loaded, { baseURL, apiKey = "", insteadOfKey, settings, fetch, clock }) {
    const { createGoogleVertex } = loaded as typeof import("@ai-sdk/google-vertex");
    const { project = "", location = "" } = settings;
    const { GOOGLE_CLIENT_EMAIL: email = "", GOOGLE_PRIVATE_KEY: privateKey = "" } = insteadOfKey;
    const token = createGoogleToken({ email, privateKey, fetch, clock });
    // Sound: the package asks its client for nothing but a token.
    const authClient = { getAccessToken: async () => ({ token: await token() }) } as never;
    return createGoogleVertex({
      apiKey,
      project,
      location,
      fetch,
      googleAuthOptions: { authClient },
      ...(baseURL === undefined ? {} : { baseURL }),
    });
  },
  mistral(loaded, given) {
    const { createMistral } = loaded as typeof import("@ai-sdk/mistral");
    return createMistral(common(given));
  },
  xai(loaded, given) {
    const { createXai } = loaded as typeof import("@ai-sdk/xai");
    return createXai(common(given));
  },
  groq(loaded, given) {
    const { createGroq } = loaded as typeof import("@ai-sdk/groq");
    return createGroq(common(given));
  },
  deepseek(loaded, given) {
    const { createDeepSeek } = loaded as typeof import("@ai-sdk/deepseek");
    return createDeepSeek(common(given));
  },
  openrouter: compatible,
  ollama: compatible,
  lmstudio: compatible,
  vllm: compatible,
  "openai-compatible": compatible,
};

function compatible(
  loaded: unknown,
  { name, baseURL = "", apiKey, structuredOutputs, fetch }: ServiceSettings,
) {
  const { createOpenAICompatible } = loaded as typeof import("@ai-sdk/openai-compatible");
  return createOpenAICompatible({
    name,
    baseURL,
    ...(apiKey === undefined ? {} : { apiKey }),
    fetch,
    includeUsage: true,
    supportsStructuredOutputs: structuredOutputs,
  });
}

function common({ baseURL = "", apiKey = "", fetch }: ServiceSettings) {
  return { baseURL, apiKey, fetch };
}

/** The last part of the addresses of AWS in a region. Others than these: set a `base_url`. */
function dnsSuffixOf(region: string): string {
  if (region.startsWith("cn-")) return "amazonaws.com.cn";
  return region.startsWith("eusc-") ? "amazonaws.eu" : "amazonaws.com";
}
