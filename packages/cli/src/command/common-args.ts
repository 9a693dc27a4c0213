/** The options that every command has. */
export const commonArgs = {
  json: { type: "boolean", description: "Print JSON on standard output, and nothing else" },
  debug: { type: "boolean", description: "Print the stack of an error" },
  help: { type: "boolean", alias: "h", description: "Show this help" },
} as const;

/** Says which database a command is about. */
export const databaseArgs = {
  config: {
    type: "string",
    valueHint: "file",
    description: "Configuration of the gateway (default: atlas.config.ts)",
  },
  database: {
    type: "string",
    valueHint: "file",
    description: "Database to read, without a configuration",
  },
} as const;

/** Says where the gateway is that a command talks to. */
export const gatewayArgs = {
  ...databaseArgs,
  url: { type: "string", valueHint: "url", description: "Address of a running gateway" },
  "token-file": { type: "string", valueHint: "file", description: "File with the token for --url" },
} as const;

/** Pages through a list. */
export const pageArgs = {
  limit: { type: "string", valueHint: "number", description: "Items to show, 1 to 1000 (default: 100)" },
  cursor: { type: "string", valueHint: "text", description: "Where the page before ended" },
} as const;
