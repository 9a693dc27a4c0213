/** What a check of options is given, and what it must say. Every copy of the check runs these. */
export interface OptionCase {
  readonly name: string;
  readonly options: unknown;
  readonly known: readonly string[];
  /** The message of the `TypeError`; absent if the options are accepted. */
  readonly message?: string;
}
/** Cases for `checkOptions("createThing", …)`. */
export declare const optionCases: readonly OptionCase[];
//# sourceMappingURL=option-cases.d.ts.map
