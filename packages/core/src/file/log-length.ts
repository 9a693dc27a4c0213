// Imports nothing: the thread that makes checkpoints loads it, and each module takes memory there a second time.

/** Pages that are worth a checkpoint: 1.6 MiB. Fewer cost a flush too often, more would delay whoever has to wait for one. */
export const CHECKPOINT_PAGES = 400;

/**
 * Where a thread brings the log in, the writer helps at this length, 16 MiB: as long as pages keep coming, the thread never gets
 * all of them, and only a log whose pages are all in the file begins anew. A file without flushes takes this length at once.
 */
export const CEILING_PAGES = 4_000;
