/** The environment variable that names the run a process belongs to. Children inherit it, wherever they move. */
export const RUN_TAG = "ATLAS_HARNESS_RUN";
