export { type SinkContractOptions, type SinkWorld, sinkContract } from "./sink-contract.ts";
export { type SourceContractOptions, sourceContract } from "./source-contract.ts";
export type { SourceWorld } from "./stage.ts";
