import { isCoreError } from "../contract/errors.ts";
import type { OpenDatabase } from "../file/driver.ts";
import { mustBeReadonly, quickCheckFile, withFileNamed } from "../file/sqlite.ts";
import { checkTask } from "./database-task.ts";

/**
 * Checks a large file that nobody has open, without changing it and without holding the event loop: a check reads the whole
 * file. Rejects with `ATLAS_CORE_DATABASE_CORRUPT`. Where a bundler left the thread's file behind, it checks on the event loop.
 */
export async function checkFile(open: OpenDatabase, path: string): Promise<void> {
  try {
    await checkTask(path, { readonly: mustBeReadonly(path), driver: open.driver });
  } catch (error) {
    if (isCoreError(error, "ATLAS_CORE_BUNDLED")) return quickCheckFile(open, path);
    withFileNamed(path, () => {
      throw error;
    });
  }
}
