import { didYouMean } from "@atlas/core/internal";
import type { Gateway } from "../../gateway.ts";
import { unknownModel } from "./error-of.ts";

/** The profiles that are models here: those of the routing file, or the one name of a gateway with a single model. */
export function profilesOf({ llm }: Gateway): readonly string[] {
  return llm.profiles;
}

/** Returns the name of a profile. Throws an `OpenAIError` with 404 and the nearest for any other name. */
export function knownProfile(gateway: Gateway, name: string): string {
  const known = profilesOf(gateway);
  if (known.includes(name)) return name;
  const shown = name.slice(0, 200);
  throw unknownModel(
    `There is no model ${JSON.stringify(shown)}.${didYouMean(shown, known) || ` The profiles of the routing file are the models: ${known.join(", ")}.`}`,
  );
}
