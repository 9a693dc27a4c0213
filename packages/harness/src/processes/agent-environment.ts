import { delimiter, isAbsolute } from "node:path";
import { RUN_TAG } from "./run-tag.ts";

/** Where the variables of an agent come from. */
export interface AgentEnvironmentSources {
  /** The environment of the host, such as `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names of variables that are passed on from it, besides those of every agent. One that is not set is left out. */
  readonly names?: readonly string[] | undefined;
  /** Variables with values of their own. They win over those of the host. */
  readonly own?: Readonly<Record<string, string>> | undefined;
}

// What programs need to find each other, their settings and their language. Proxies and certificates are not among them: the address of
// a proxy may hold a password. Nor is XDG_RUNTIME_DIR, which leads to the sockets of the user's session, such as its keyring.
const everyAgent =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LC_[A-Z]+|XDG_(?:CONFIG|DATA|STATE|CACHE)_HOME|XDG_(?:CONFIG|DATA)_DIRS)$/;

/**
 * Makes the environment of an agent from a list of what is allowed, never from a list of what is not: the keys of the host stay with it
 * unless they are named. Every agent gets `PATH` (its absolute folders), `HOME`, `USER`, `LOGNAME`, `SHELL`, `TERM`, `TMPDIR`, `TZ`,
 * `LANG`, `LC_*` and the folders of `XDG_*`. Throws a `TypeError` for a name that changes how programs are loaded or which commands they
 * run, such as `LD_PRELOAD`, `NODE_OPTIONS` or `GIT_SSH_COMMAND`, whoever asks for it.
 *
 * @example
 * ```ts
 * const env = { PATH: "/usr/bin:node_modules/.bin", HOME: "/home/user", CODEX_API_KEY: "k1", GATEWAY_TOKEN: "k2" };
 * assert.deepEqual(agentEnvironment({ env, names: ["CODEX_API_KEY"], own: { NO_COLOR: "1" } }), {
 *   PATH: "/usr/bin",
 *   HOME: "/home/user",
 *   CODEX_API_KEY: "k1",
 *   NO_COLOR: "1",
 * });
 * assert.throws(() => agentEnvironment({ env, own: { LD_PRELOAD: "/lib/x.so" } }), TypeError);
 * ```
 */
export function agentEnvironment({
  env,
  names = [],
  own = {},
}: AgentEnvironmentSources): Readonly<Record<string, string>> {
  for (const name of [...names, ...Object.keys(own)]) refuseVariable(name);
  const inherited = Object.keys(env).filter((name) => everyAgent.test(name));
  const made = new Map<string, string>();
  for (const name of [...inherited, ...names]) {
    const value = env[name];
    if (value !== undefined) made.set(name, name === "PATH" ? absoluteFolders(value) : value);
  }
  for (const [name, value] of Object.entries(own)) {
    if (typeof value !== "string") {
      throw new TypeError(
        `The environment variable "${name}" of an agent must be a text, but it is ${value === null ? "null" : `a ${typeof value}`}.`,
      );
    }
    if (name === "PATH" && absoluteFolders(value) !== value) {
      throw new TypeError(
        `The PATH of an agent must hold absolute folders only, but it is "${value}". A relative one would take programs from the folder that the agent works in.`,
      );
    }
    made.set(name, value);
  }
  return Object.fromEntries(made);
}

/** Says why a variable cannot be passed to an agent; `undefined` if it can. */
export function reasonAgainstVariable(name: string): string | undefined {
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return "a name consists of letters, digits and underscores and does not begin with a digit";
  }
  if (name === RUN_TAG) return "Atlas sets it to find the processes of a run";
  return refused.find(({ pattern }) => pattern.test(name))?.reason;
}

function refuseVariable(name: string): void {
  const reason = reasonAgainstVariable(name);
  if (reason === undefined) return;
  throw new TypeError(
    `The environment variable "${name}" cannot be passed to an agent: ${reason}. Remove it from the agent's environment.`,
  );
}

const refused: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /^(?:LD_|DYLD_)|^(?:GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|MALLOC_TRACE)$/,
    reason: "it changes how the system loads every program",
  },
  {
    pattern: /^(?:OPENSSL_CONF|OPENSSL_ENGINES|OPENSSL_MODULES)$/,
    reason: "it makes programs load other code for encryption",
  },
  {
    pattern:
      /^(?:NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|NODE_CHANNEL_FD|ELECTRON_RUN_AS_NODE|BUN_OPTIONS|BUN_INSPECT.*|DENO_DIR)$/,
    reason: "it makes JavaScript programs load other code",
  },
  {
    pattern: /^npm_config_(?:node_options|script_shell|userconfig|globalconfig)$/i,
    reason: "it makes npm run other programs",
  },
  {
    pattern: /^(?:BASH_ENV|ENV|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|ZDOTDIR|IFS|CDPATH)$|^BASH_FUNC_/,
    reason: "it makes shells run other commands",
  },
  {
    // Git has some forty variables that name commands, files or folders, and new ones come. These alone are harmless.
    pattern:
      /^GIT_(?!(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)$|TERMINAL_PROMPT$|OPTIONAL_LOCKS$|LFS_SKIP_SMUDGE$)/,
    reason: "it changes which commands git runs, or which files it works on",
  },
  {
    pattern: /^(?:EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|LESSOPEN|LESSCLOSE|SSH_ASKPASS|SUDO_ASKPASS)$/,
    reason: "it names a command that other programs run",
  },
  {
    pattern: /^PYTHON(?!UNBUFFERED$|DONTWRITEBYTECODE$|IOENCODING$|UTF8$|HASHSEED$)/,
    reason: "it makes Python load other code",
  },
  {
    pattern:
      /^(?:PERL|RUBY)(?:OPT|LIB|SHELL|5.*)$|^(?:GEM_PATH|GEM_HOME|BUNDLE_GEMFILE|LUA_(?:INIT|PATH|CPATH).*)$/,
    reason: "it makes scripts load other code",
  },
  {
    pattern:
      /^(?:PHPRC|PHP_INI_SCAN_DIR|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|MAVEN_OPTS|GRADLE_OPTS)$|^(?:DOTNET_STARTUP_HOOKS|DOTNET_ADDITIONAL_DEPS)$|^COR(?:ECLR)?_/,
    reason: "it makes other languages load other code",
  },
  {
    pattern:
      /^(?:MAKEFLAGS|MAKEFILES|GOFLAGS|RUSTC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|RUSTFLAGS|CC|CXX|LD)$/,
    reason: "it makes build tools run other programs",
  },
];

/** A relative folder, and an empty one, would be the folder that the agent works in. */
function absoluteFolders(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .join(delimiter);
}
