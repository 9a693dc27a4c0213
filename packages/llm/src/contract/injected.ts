/** A part of the instructions that a call was given; what did not fit the budget at all is listed with 0 characters. */
export type InjectedInstruction = InjectedSource & {
  /** How much of its text was given. */
  readonly characters: number;
  /** How much text it has. */
  readonly totalCharacters: number;
  /** What it adds to the prompt, as counted or estimated; 0 where it did not fit. */
  readonly tokens: number;
};

/** Where a part of the instructions came from. Paths are from the root, with forward slashes. */
export type InjectedSource =
  | { readonly kind: "agents_file"; readonly path: string }
  | { readonly kind: "skill_list" }
  | { readonly kind: "skill"; readonly skill: string; readonly path: string; readonly reason: SkillReason }
  | { readonly kind: "skill_file"; readonly skill: string; readonly path: string };

/** Why a skill was selected: the call names it, shares a tag with it, or has a prompt about its subject. */
export type SkillReason = "named" | "tag" | "match";
