export { type SinkContractOptions, type SinkWorld, sinkContract } from "./sink-contract.ts";
export { type SourceContractOptions, type SourceWorld, sourceContract } from "./source-contract.ts";
