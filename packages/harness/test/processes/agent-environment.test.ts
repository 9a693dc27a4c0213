import { expect, it } from "vitest";
import { agentEnvironment, reasonAgainstVariable } from "../../src/processes/agent-environment.ts";

it("passes on what every agent needs, and nothing else", () => {
  const common = {
    PATH: "/usr/bin:/bin",
    HOME: "/home/user",
    USER: "user",
    LOGNAME: "user",
    SHELL: "/bin/sh",
    TERM: "dumb",
    TMPDIR: "/var/tmp",
    TZ: "UTC",
    LANG: "C.UTF-8",
    LC_ALL: "C",
    LC_TIME: "C",
    XDG_CONFIG_HOME: "/c",
    XDG_DATA_HOME: "/d",
    XDG_STATE_HOME: "/s",
    XDG_CACHE_HOME: "/k",
    XDG_CONFIG_DIRS: "/e",
    XDG_DATA_DIRS: "/u",
  };
  const kept = {
    ANTHROPIC_API_KEY: "k",
    ATLAS_TOKEN: "t",
    AWS_SECRET_ACCESS_KEY: "s",
    HTTPS_PROXY: "http://user:password@proxy",
    XDG_RUNTIME_DIR: "/run/user/1",
    LD_PRELOAD: "/x.so",
    NODE_OPTIONS: "--require=/x.js",
    SSH_AUTH_SOCK: "/run/agent",
    MY_PATH: "/x",
    PATHS: "/x",
    LC_all: "x",
    UNSET: undefined,
  };
  expect(agentEnvironment({ env: { ...common, ...kept } })).toEqual(common);
});

it("adds what is named, if it is set, and what has a value of its own, which wins", () => {
  expect(
    agentEnvironment({
      env: { HOME: "/home/user", KEY: "k", OTHER: "o" },
      names: ["KEY", "MISSING"],
      own: { HOME: "/tmp", NO_COLOR: "1", KEY: "mine" },
    }),
  ).toEqual({ HOME: "/tmp", KEY: "mine", NO_COLOR: "1" });
});

it("drops the folders of PATH that depend on where an agent works", () => {
  expect(agentEnvironment({ env: { PATH: ":/usr/bin:.:node_modules/.bin:/bin:" } })).toEqual({
    PATH: "/usr/bin:/bin",
  });
  expect(() => agentEnvironment({ env: {}, own: { PATH: "/bin:." } })).toThrow("absolute folders only");
});

// Row 51.
it.each([
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "LD_AUDIT",
  "DYLD_INSERT_LIBRARIES",
  "GLIBC_TUNABLES",
  "GCONV_PATH",
  "OPENSSL_CONF",
  "NODE_OPTIONS",
  "NODE_PATH",
  "BUN_OPTIONS",
  "BUN_INSPECT_CONNECT_TO",
  "npm_config_script_shell",
  "NPM_CONFIG_NODE_OPTIONS",
  "BASH_ENV",
  "ENV",
  "IFS",
  "PS4",
  "BASH_FUNC_ls",
  "GIT_SSH_COMMAND",
  "GIT_SSH",
  "GIT_CONFIG_COUNT",
  "GIT_EXTERNAL_DIFF",
  "GIT_DIR",
  "GIT_EXEC_PATH",
  "GIT_AUTHOR_NAME_X",
  "PAGER",
  "EDITOR",
  "LESSOPEN",
  "PYTHONSTARTUP",
  "PYTHONPATH",
  "PERL5OPT",
  "PERL5LIB",
  "PERLLIB",
  "RUBYOPT",
  "RUBYLIB",
  "JAVA_TOOL_OPTIONS",
  "_JAVA_OPTIONS",
  "DOTNET_STARTUP_HOOKS",
  "CORECLR_PROFILER",
  "RUSTC_WRAPPER",
  "MAKEFLAGS",
  "ATLAS_HARNESS_RUN",
  "",
  "A=B",
  "A\0B",
  "1A",
  "BASH_FUNC_ls%%",
])("refuses %j, by name and with a value", (name) => {
  const reason = reasonAgainstVariable(name);
  expect(reason).toEqual(expect.any(String));
  expect(() => agentEnvironment({ env: { [name]: "x" }, names: [name] })).toThrow(TypeError);
  expect(() => agentEnvironment({ env: {}, own: { [name]: "x" } })).toThrow(
    `The environment variable "${name}" cannot be passed to an agent: ${reason}.`,
  );
});

it.each([
  "OPENAI_API_KEY",
  "NODE_EXTRA_CA_CERTS",
  "NODE_ENV",
  "HTTPS_PROXY",
  "GIT_AUTHOR_NAME",
  "GIT_COMMITTER_EMAIL",
  "GIT_TERMINAL_PROMPT",
  "PYTHONUNBUFFERED",
  "NPM_CONFIG_REGISTRY",
  "ENVIRONMENT",
  "PAGERDUTY_KEY",
  "ATLAS_HARNESS_RUNS",
])("lets %s pass", (name) => {
  expect(agentEnvironment({ env: { [name]: "x" }, names: [name] })).toEqual({ [name]: "x" });
});

it("refuses a value that is not a text", () => {
  // What a caller without types may pass.
  const own = { PORT: 80 } as unknown as Record<string, string>;
  expect(() => agentEnvironment({ env: {}, own })).toThrow(
    '"PORT" of an agent must be a text, but it is a number',
  );
});

it("makes a variable of a name that objects have", () => {
  // Written as JSON: in a literal, it would be the prototype.
  const own: Record<string, string> = JSON.parse('{ "__proto__": "x" }');
  expect(Object.entries(agentEnvironment({ env: {}, own }))).toEqual([["__proto__", "x"]]);
});
