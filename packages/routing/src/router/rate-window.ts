/** What was used within a sliding period, in slots of a sixtieth of the period. */
export interface RateWindow {
  readonly limit: number;
  readonly periodMs: number;
  /** The oldest first. */
  readonly slots: readonly { readonly slot: number; readonly amount: number }[];
}

const SLOTS = 60;

/** An unused window: at most `limit` within any `periodMs`. */
export function createRateWindow(limit: number, periodMs = 60_000): RateWindow {
  return { limit, periodMs, slots: [] };
}

/** Returns the window with an amount more; a negative amount gives some back. */
export function chargedWith(window: RateWindow, amount: number, now: number): RateWindow {
  if (amount === 0) return window;
  const slot = slotOf(window, now);
  const kept = window.slots.filter((one) => one.slot >= slot - SLOTS);
  const last = kept.at(-1);
  const slots =
    last?.slot === slot
      ? [...kept.slice(0, -1), { slot, amount: last.amount + amount }]
      : [...kept, { slot, amount }];
  return { ...window, slots };
}

/**
 * How long a caller waits until `amount` fits under the limit: 0 if it fits now. An amount above the limit fits once the window
 * is empty, because it would never fit otherwise.
 */
export function waitUntilFits(window: RateWindow, amount: number, now: number): number {
  const { limit, slots, periodMs } = window;
  const slot = slotOf(window, now);
  const room = Math.max(0, limit - amount);
  const current = slots.filter((one) => one.slot >= slot - SLOTS);
  let used = current.reduce((sum, one) => sum + one.amount, 0);
  if (used <= room) return 0;
  for (const one of current) {
    used -= one.amount;
    if (used <= room) return Math.max(0, ((one.slot + SLOTS + 1) * periodMs) / SLOTS - now);
  }
  return periodMs;
}

function slotOf({ periodMs }: RateWindow, now: number): number {
  return Math.floor((now * SLOTS) / periodMs);
}
