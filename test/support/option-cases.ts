/** What `checkOptions` of core and of routing say: the options given, and the message, or nothing where they are right. */
export const optionCases: readonly (readonly [given: unknown, message: string | undefined])[] = [
  [{}, undefined],
  [{ journal: false }, undefined],
  [{ journal: false, database: "a.db" }, undefined],
  [Object.create({ jornal: true }), undefined],
  [{ jornal: false }, 'createThing: "jornal" is not an option. Did you mean "journal"?'],
  [{ journal: false, databse: "a.db" }, 'createThing: "databse" is not an option. Did you mean "database"?'],
  [{ jornal: undefined }, 'createThing: "jornal" is not an option. Did you mean "journal"?'],
  [{ zzz: 1 }, 'createThing: "zzz" is not an option. The options are journal, database.'],
  [null, "createThing: expected an object with options, but got null."],
  ["a.db", "createThing: expected an object with options, but got a string."],
  [[], "createThing: expected an object with options, but got an array."],
];
