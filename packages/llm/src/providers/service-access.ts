import type { ProviderConfig } from "@atlas/routing";
import {
  credentialsIn,
  looksLikeKey,
  type ServiceSetting,
  type ServiceType,
  services,
  settingPattern,
} from "@atlas/routing/internal";

/** The way into a service: its address, its secrets and its settings. */
export interface ServiceAccess {
  /** Absent where the package makes the address from the settings. */
  readonly baseURL: string | undefined;
  readonly apiKey: string | undefined;
  /** The secrets that stand in for the key, by the names of their environment variables. */
  readonly insteadOfKey: Readonly<Record<string, string>>;
  readonly settings: { readonly [Setting in ServiceSetting]?: string };
  /** Everything that no message may repeat. */
  readonly secrets: readonly string[];
  /** What is missing, and what to do about it. */
  readonly missing: string | undefined;
}

/** Finds the way into a service. It reads the given environment and no other. */
export function accessTo(
  id: string,
  type: ServiceType,
  {
    config,
    env,
  }: { readonly config: ProviderConfig; readonly env: Readonly<Record<string, string | undefined>> },
): ServiceAccess {
  const { baseUrl, needsBaseUrl, keyName, insteadOfKey, settings = {} } = services[type];
  const place = `llm.providers.${id}`;
  const baseURL = config.base_url ?? baseUrl;
  const keyVariable = config.api_key_env ?? keyName;
  const apiKey = keyVariable === undefined ? undefined : read(keyVariable);
  const names =
    insteadOfKey === undefined ? [] : [...insteadOfKey.required, ...(insteadOfKey.optional ?? [])];
  const others = Object.fromEntries(
    names.flatMap((name) => {
      const value = read(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  // Sound: the keys of the table's settings are settings.
  const sources = Object.entries(settings) as [
    ServiceSetting,
    NonNullable<(typeof settings)[ServiceSetting]>,
  ][];
  const found = Object.fromEntries(
    sources.flatMap(([key, { variable }]) => {
      const value = config[key] ?? (variable === undefined ? undefined : read(variable));
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  return {
    baseURL,
    apiKey,
    insteadOfKey: others,
    settings: found,
    secrets: [...(apiKey === undefined ? [] : [apiKey]), ...Object.values(others)],
    missing: wrongConfig() ?? missingKey() ?? missingSetting(),
  };

  function read(variable: string): string | undefined {
    const value = env[variable]?.trim();
    return value === "" ? undefined : value;
  }

  /** A router over a configuration that nobody has checked must not print a key, either. */
  function wrongConfig(): string | undefined {
    if (keyVariable !== undefined && looksLikeKey(keyVariable)) {
      return `${place}.api_key_env looks like a key: name an environment variable there`;
    }
    const credentials = baseURL === undefined ? undefined : credentialsIn(baseURL);
    if (credentials !== undefined) return `${place}.base_url ${credentials}: remove it, and use api_key_env`;
    return baseURL === undefined && needsBaseUrl ? `it has no address: set ${place}.base_url` : undefined;
  }

  function missingKey(): string | undefined {
    if (keyVariable === undefined || apiKey !== undefined) return undefined;
    // A key that the routing file names is meant: nothing stands in for it.
    if (insteadOfKey === undefined || config.api_key_env !== undefined) {
      return `the environment variable ${keyVariable} is not set`;
    }
    const absent = insteadOfKey.required.filter((name) => others[name] === undefined);
    if (absent.length === 0) return undefined;
    return `it has no key: set the environment variable ${keyVariable}, or ${insteadOfKey.required.join(" and ")}`;
  }

  function missingSetting(): string | undefined {
    for (const [key, { variable, neededUnless = [], isOptional }] of sources) {
      const value = found[key];
      const others = variable === undefined ? "" : ` or the environment variable ${variable}`;
      if (value !== undefined && !settingPattern.test(value)) {
        return `its ${key} has characters that it cannot have: correct ${place}.${key}${others}`;
      }
      const isNeedless =
        isOptional === true ||
        (neededUnless.includes("base_url") && baseURL !== undefined) ||
        (neededUnless.includes("key") && apiKey !== undefined);
      if (value === undefined && !isNeedless) return `it has no ${key}: set ${place}.${key}${others}`;
    }
    return undefined;
  }
}
