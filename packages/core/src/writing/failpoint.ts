/** The moments at which a test can strike. */
export type FailpointName =
  | "flush:drained"
  | "writer:begun"
  | "writer:command"
  | "writer:before-commit"
  | "flush:committed"
  | "flush:acknowledged";

/** Called at each {@link FailpointName}; it may throw, block or kill the process. Inert unless a test gives one. */
export type Failpoint = (name: FailpointName) => void;
