import {
  type ServiceSetting,
  type ServiceType,
  services,
  serviceTypeOf,
  serviceTypes,
} from "./model-services.ts";
import type { Problem } from "./problem.ts";
import type { ProviderConfig } from "./schema.ts";

// A record, so that a missing name is an error of types.
const settings = Object.keys({
  resource_name: true,
  api_version: true,
  region: true,
  project: true,
  location: true,
} satisfies Record<ServiceSetting, true>) as readonly ServiceSetting[];

/** Settings that the kind of service does not have, and that would have no effect. */
export function* providerProblems(providers: Readonly<Record<string, ProviderConfig>>): Iterable<Problem> {
  for (const [id, provider] of Object.entries(providers)) {
    const type = serviceTypeOf(id, provider.type);
    for (const key of settings) {
      if (provider[key] === undefined || hasSetting(type, key)) continue;
      yield problem(id, key, { type, others: serviceTypes.filter((one) => hasSetting(one, key)) });
    }
    if (provider.structured_outputs !== undefined && services[type].structuredOutputs === undefined) {
      const others = serviceTypes.filter((one) => services[one].structuredOutputs !== undefined);
      yield problem(id, "structured_outputs", { type, others });
    }
  }
}

function hasSetting(type: ServiceType, key: ServiceSetting): boolean {
  return services[type].settings?.[key] !== undefined;
}

function problem(
  id: string,
  key: string,
  { type, others }: { readonly type: ServiceType; readonly others: readonly ServiceType[] },
): Problem {
  return {
    path: ["llm", "providers", id, key],
    text: `a service of the type "${type}" has no such setting; it belongs to ${others.join(", ")}. Remove it, or set "type".`,
  };
}
