/** What `checkOptions` of core and of routing say: the options given, and the message, or nothing where they are right. */
export const optionCases: readonly (readonly [given: unknown, message: string | undefined])[] = [
  [{}, undefined],
  [{ journal: false }, undefined],
  [{ journal: false, database: "a.db" }, undefined],
  [Object.create({ jornal: true }), undefined],
  [{ jornal: false }, 'createThing: "jornal" is not an option. Did you mean "journal"?'],
  [{ journal: false, databse: "a.db" }, 'createThing: "databse" is not an option. Did you mean "database"?'],
  [{ jornal: undefined }, 'createThing: "jornal" is not an option. Did you mean "journal"?'],
  [{ zzz: 1 }, 'createThing: "zzz" is not an option. Its options are journal, database.'],
  [null, "createThing takes an object with options; got null."],
  ["a.db", "createThing takes an object with options; got string."],
  [[], "createThing takes an object with options; got an array."],
];
