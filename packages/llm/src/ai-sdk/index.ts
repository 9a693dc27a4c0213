export { type FromModelOptions, fromModel, type LanguageModel } from "./from-model.ts";
export { toModel } from "./to-model.ts";
