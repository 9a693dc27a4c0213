/** A part of the instructions of a call. A part that did not fit the budget is listed with 0 characters. */
export type InjectedInstruction = InjectedSource & {
  /** The number of characters that the call received. */
  readonly characters: number;
  /** The number of characters of the whole part. */
  readonly totalCharacters: number;
  /** The tokens that it adds to the prompt, counted or estimated; 0 if it did not fit. */
  readonly tokens: number;
};

/** The source of a part of the instructions. Paths are relative to the root, with forward slashes. */
export type InjectedSource =
  | { readonly kind: "agents_file"; readonly path: string }
  | { readonly kind: "skill_list" }
  | { readonly kind: "skill"; readonly skill: string; readonly path: string; readonly reason: SkillReason }
  | { readonly kind: "skill_file"; readonly skill: string; readonly path: string };

/** Why a skill was selected: the call names it, shares a tag with it, or has a prompt about its subject. */
export type SkillReason = "named" | "tag" | "match";
