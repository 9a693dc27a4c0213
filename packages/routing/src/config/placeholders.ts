/** The placeholders that arguments of a coding agent can hold, without their braces. */
export const placeholders = [
  "goal",
  "cwd",
  "mode",
  "profile",
  "model",
  "prompt_file",
  "context_paths",
  "session_id",
] as const;

/** One of {@link placeholders}. */
export type Placeholder = (typeof placeholders)[number];

/** A literal in braces, or what an argument holds in its place. */
export type TemplatePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "placeholder"; readonly name: string };

/**
 * Takes an argument apart. `{goal}` is a placeholder and `{{goal}}` the text `{goal}`; all other braces stand for themselves, so that
 * an argument can be JSON.
 */
export function templateParts(argument: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let done = 0;
  for (const { 0: found, 1: literal, 2: name, index } of argument.matchAll(pattern)) {
    parts.push({ type: "text", text: argument.slice(done, index) });
    if (name === undefined) parts.push({ type: "text", text: `{${literal}}` });
    else parts.push({ type: "placeholder", name });
    done = index + found.length;
  }
  parts.push({ type: "text", text: argument.slice(done) });
  return parts.filter((part) => part.type === "placeholder" || part.text !== "");
}

/** True for the name of a placeholder. */
export function isPlaceholder(name: string): name is Placeholder {
  return (placeholders as readonly string[]).includes(name);
}

const pattern = /\{\{([A-Za-z_][\w-]*)\}\}|\{([A-Za-z_][\w-]*)\}/g;
