/** One way of doing the work that is measured. */
export interface Contestant {
  /** Does a short piece of the work, always on the same open database, and returns how long each operation took (ms). */
  readonly slice: () => Promise<readonly number[]>;
}

/** How long each operation took in milliseconds: one list a round. */
export type Rounds = readonly (readonly number[])[];

/**
 * Lets the contestants take turns, so that what disturbs the machine disturbs them all: a round is `slices` short pieces
 * of each, and who begins alternates. The first round warms up and is thrown away.
 */
export async function measure<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  { rounds, slices }: { readonly rounds: number; readonly slices: number },
): Promise<Readonly<Record<Name, Rounds>>> {
  if (rounds < 5) throw new TypeError(`A figure needs at least 5 rounds; got ${rounds}.`);
  const names = Object.keys(contestants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[][]>;
  for (let round = 0; round <= rounds; round += 1) {
    const durations = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
      Name,
      number[]
    >;
    for (let slice = 0; slice < slices; slice += 1) {
      names.reverse();
      for (const name of names) durations[name].push(...(await contestants[name].slice()));
    }
    if (slices % 2 === 0) names.reverse();
    if (round > 0) for (const name of names) measured[name].push(durations[name]);
  }
  return measured;
}

/** The figure of each round: so many things a second, with `count` of them in each operation. */
export function perSecond(rounds: Rounds, count: number): readonly number[] {
  return rounds.map((durations) => {
    const totalMs = durations.reduce((sum, duration) => sum + duration, 0);
    return (durations.length * count * 1_000) / totalMs;
  });
}

/** The figure of each round: the duration that `percent` of the operations did not exceed, in milliseconds. */
export function percentile(rounds: Rounds, percent: number): readonly number[] {
  return rounds.map((durations) => {
    const ascending = durations.toSorted((left, right) => left - right);
    const rank = Math.ceil((percent / 100) * ascending.length);
    return ascending[Math.max(rank, 1) - 1] ?? Number.NaN;
  });
}

/** The figure of each round: how long an operation took on average, in milliseconds. */
export function mean(rounds: Rounds): readonly number[] {
  return rounds.map((durations) => durations.reduce((sum, duration) => sum + duration, 0) / durations.length);
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const ascending = values.toSorted((left, right) => left - right);
  const lower = ascending[Math.floor((ascending.length - 1) / 2)] ?? Number.NaN;
  const upper = ascending[Math.ceil((ascending.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}
