import { generateKeyPairSync } from "node:crypto";
import type { ProviderConfig } from "@atlas/routing";

/** A way into a service, and what it has to see. */
export interface ServiceCase {
  readonly name: string;
  readonly config: ProviderConfig;
  readonly env: Readonly<Record<string, string>>;
  /** The address, without a query. */
  readonly url: string;
  /** The name and the value of the header with the key. */
  readonly key: readonly [header: string, value: string | RegExp];
  /** The model stands in the body, unless it stands in the address. */
  readonly isModelInUrl?: true;
}

const secret = "canary-4d1f0a77";

/** A key of nobody. */
const privateKey = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey;

const bearer = ["authorization", `Bearer ${secret}`] as const;

/** Every kind of service that came after the first five, and each way into it. */
export const newServices: readonly ServiceCase[] = [
  {
    name: "azure",
    config: { resource_name: "house", model: "deployed" },
    env: { AZURE_API_KEY: secret },
    url: "https://house.openai.azure.com/openai/v1/responses",
    key: ["api-key", secret],
  },
  {
    name: "bedrock",
    config: { model: "amazon.nova" },
    env: { AWS_REGION: "eu-west-1", AWS_BEARER_TOKEN_BEDROCK: secret },
    url: "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova/converse",
    key: bearer,
    isModelInUrl: true,
  },
  {
    name: "bedrock",
    config: { model: "amazon.nova", region: "cn-north-1" },
    env: {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIAsomebody",
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: "session-1",
    },
    url: "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/amazon.nova/converse",
    key: ["authorization", /^AWS4-HMAC-SHA256 Credential=AKIAsomebody\/\d+\/cn-north-1\/bedrock\//],
    isModelInUrl: true,
  },
  {
    name: "vertex",
    config: {},
    env: { GOOGLE_VERTEX_API_KEY: secret },
    url: "https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-3.8-flash:generateContent",
    key: ["x-goog-api-key", secret],
    isModelInUrl: true,
  },
  {
    name: "vertex",
    config: { project: "house-1" },
    env: {
      GOOGLE_VERTEX_LOCATION: "europe-west4",
      GOOGLE_CLIENT_EMAIL: "robot@house-1.example",
      GOOGLE_PRIVATE_KEY: privateKey.replaceAll("\n", "\\n"),
    },
    url: "https://europe-west4-aiplatform.googleapis.com/v1beta1/projects/house-1/locations/europe-west4/publishers/google/models/gemini-3.8-flash:generateContent",
    key: ["authorization", "Bearer token-of-google"],
    isModelInUrl: true,
  },
  {
    name: "mistral",
    config: {},
    env: { MISTRAL_API_KEY: secret },
    url: "https://api.mistral.ai/v1/chat/completions",
    key: bearer,
  },
  {
    name: "xai",
    config: {},
    env: { XAI_API_KEY: secret },
    url: "https://api.x.ai/v1/responses",
    key: bearer,
  },
  {
    name: "groq",
    config: {},
    env: { GROQ_API_KEY: secret },
    url: "https://api.groq.com/openai/v1/chat/completions",
    key: bearer,
  },
  {
    name: "deepseek",
    config: {},
    env: { DEEPSEEK_API_KEY: secret },
    url: "https://api.deepseek.com/chat/completions",
    key: bearer,
  },
  {
    name: "openrouter",
    config: {},
    env: { OPENROUTER_API_KEY: secret },
    url: "https://openrouter.ai/api/v1/chat/completions",
    key: bearer,
  },
  {
    name: "lmstudio",
    config: { model: "qwen3", api_key_env: "HOUSE_KEY" },
    env: { HOUSE_KEY: secret },
    url: "http://127.0.0.1:1234/v1/chat/completions",
    key: bearer,
  },
  {
    name: "vllm",
    config: { model: "qwen3", api_key_env: "HOUSE_KEY" },
    env: { HOUSE_KEY: secret },
    url: "http://127.0.0.1:8000/v1/chat/completions",
    key: bearer,
  },
];
