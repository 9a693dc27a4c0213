/** Waits, turn by turn, until `look` gives something; the test's own time limit ends what never does. */
export async function until<Found>(look: () => Found | Promise<Found>): Promise<NonNullable<Found>> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise(setImmediate);
  }
}
