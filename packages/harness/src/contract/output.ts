/** One result of a task. A `name` is that of the output parser which found it. */
export type HarnessOutput =
  | {
      readonly type: "diff";
      /** In the unified format of git, with paths from the root of the repository (or of `cwd`, where there is none). */
      readonly diff: string;
      /** `workspace`: git computed it from the files before and after. `agent`: the agent printed it. Default: unknown. */
      readonly source?: "workspace" | "agent";
      readonly name?: string;
    }
  | { readonly type: "text"; readonly text: string; readonly name?: string }
  | { readonly type: "plan"; readonly text: string; readonly name?: string }
  | {
      readonly type: "file";
      /** Relative to `cwd`. */
      readonly path: string;
      readonly content: string;
      readonly truncated?: boolean;
      readonly name?: string;
    }
  | {
      readonly type: "command_log";
      /** What the agent said it ran. An agent may leave commands out. */
      readonly commands: readonly {
        readonly command: string;
        readonly exitCode?: number;
        readonly output?: string;
      }[];
      readonly name?: string;
    };

/** A file that differs from what it was. */
export interface ChangedFile {
  /** From the root of the repository (or of `cwd`, where there is none). */
  readonly path: string;
  readonly change: "added" | "modified" | "deleted" | "renamed";
  /** The earlier path of a renamed file. */
  readonly from?: string;
}
