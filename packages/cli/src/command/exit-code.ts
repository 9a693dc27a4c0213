/** How `atlas` ends. The guide of the command line lists the same codes. */
export const EXIT = {
  ok: 0,
  /** Something went wrong, or a check found a fault. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** There is nothing with this id. */
  notFound: 3,
  /** The command needs a running gateway. */
  notRunning: 4,
  /** The gateway refused, or something else holds what is needed. */
  refused: 5,
  /** Ended by Ctrl-C. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;
