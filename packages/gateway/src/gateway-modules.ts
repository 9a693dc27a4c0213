import { type HarnessModule, harnessModule } from "@atlas/harness/module";
import { type LLMModule, llmModule } from "@atlas/llm/module";
import { type PluginsModule, pluginsModule } from "@atlas/plugins";

/**
 * The modules that every gateway installs, to read its file without it: `openReadOnly(database, { modules: gatewayModules })` has
 * `repo.plugins`, `repo.llm` and `repo.harness`.
 */
export const gatewayModules: readonly [PluginsModule, LLMModule, HarnessModule] = [
  pluginsModule,
  llmModule,
  harnessModule,
];
