/** The moments at which a {@link Failpoint} is called. */
export type FailpointName =
  | "flush:drained"
  | "writer:begun"
  | "writer:command"
  | "writer:before-commit"
  | "flush:committed"
  | "flush:acknowledged";

/** A test's hook, called at each {@link FailpointName}. It may throw, block or kill the process. */
export type Failpoint = (name: FailpointName) => void;
