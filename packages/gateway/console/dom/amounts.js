const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/**
 * `1,234`, and from a hundred thousand on `123.5K`.
 *
 * @param {number} value
 */
export function count(value) {
  return (Math.abs(value) < 100_000 ? whole : short).format(value);
}

/**
 * A rate: with one digit below ten.
 *
 * @param {number} value
 */
export function rate(value) {
  return value > 0 && value < 10 ? value.toFixed(1) : whole.format(Math.round(value));
}

/**
 * `340 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`, `2 y 40 d`.
 *
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return pair(seconds, 3_600, "h", 60, "min");
  if (seconds < 31_536_000) return pair(seconds, 86_400, "d", 3_600, "h");
  return pair(seconds, 31_536_000, "y", 86_400, "d");
}

/**
 * @param {number} seconds
 * @param {number} large
 * @param {string} largeUnit
 * @param {number} small
 * @param {string} smallUnit
 */
function pair(seconds, large, largeUnit, small, smallUnit) {
  const rest = Math.floor((seconds % large) / small);
  const first = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? first : `${first} ${rest} ${smallUnit}`;
}

const UNITS = /** @type {const} */ (["B", "KiB", "MiB", "GiB", "TiB"]);

/** @param {number} bytes */
export function size(bytes) {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
