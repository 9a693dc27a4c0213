import type { LLMRoutingConfig } from "@atlas/routing";
import { createFakeModelServer, type FakeModelServer } from "@atlas/testing";
import { onTestFinished } from "vitest";
import { createLLMRouter, type LLMRouter, type LLMRouterOptions } from "../../src/index.ts";

/** A key that must never be seen again. */
export const canary = "canary-7f3a9c51e2";

/** Every kind of service, by the name of its candidate. */
export const services = ["openai", "compatible", "anthropic", "google", "ollama"] as const;

/** A server that plays all services, gone after the test. */
export async function openServer(): Promise<FakeModelServer> {
  const server = await createFakeModelServer();
  onTestFinished(() => server.stop());
  return server;
}

/** The real provider packages, each a profile of its own, talking to the server with the canary as their key. */
export function openRouter(
  { urls }: FakeModelServer,
  options: Partial<LLMRouterOptions> & {
    readonly profiles?: LLMRoutingConfig["profiles"];
    readonly fallback?: string[];
  } = {},
): LLMRouter {
  const { profiles = {}, fallback, ...rest } = options;
  return createLLMRouter({
    config: {
      default_profile: "nobody",
      profiles: {
        nobody: ["nobody"],
        ...Object.fromEntries(services.map((name) => [name, [name]])),
        ...profiles,
      },
      ...(fallback === undefined ? {} : { fallback }),
      providers: {
        nobody: { base_url: "http://127.0.0.1:1", model: "none", api_key_env: "NOBODYS_KEY" },
        openai: { base_url: urls.openai },
        compatible: { base_url: urls.openai, api_key_env: "HOUSE_KEY", model: "house-1" },
        anthropic: { type: "anthropic", base_url: urls.anthropic, model: "claude-sonnet-5-5" },
        google: { base_url: urls.google },
        ollama: { base_url: urls.ollama, model: "qwen3", api_key_env: "HOUSE_KEY" },
      },
    },
    env: {
      OPENAI_API_KEY: canary,
      ANTHROPIC_API_KEY: canary,
      GOOGLE_GENERATIVE_AI_API_KEY: canary,
      HOUSE_KEY: canary,
    },
    random: () => 0,
    ...rest,
  });
}
