/**
 * An entry of the list of views. `key` opens it after "g".
 *
 * @typedef {{ readonly title: string, readonly address: string, readonly key?: string }} Place
 */

/** @type {readonly Place[]} */
export const places = [
  { title: "Overview", address: "#/", key: "o" },
  { title: "Jobs", address: "#/jobs", key: "j" },
  { title: "Live events", address: "#/live", key: "l" },
  { title: "Model calls", address: "#/calls", key: "c" },
  { title: "Artifacts", address: "#/artifacts", key: "a" },
  { title: "Sources", address: "#/sources", key: "s" },
  { title: "Sinks", address: "#/sinks", key: "k" },
  { title: "Health", address: "#/health", key: "h" },
];
