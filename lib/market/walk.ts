/** The parameters of a made-up price. */
export interface Walk {
  /** A 32-bit integer. */
  readonly seed: number
  readonly basePrice: number
  /** The standard deviation of the price's logarithm over a year, such as 0.4. */
  readonly volatility: number
}

/**
 * The price of a made-up instrument at a moment: a pure function, so that it needs no memory and repeats exactly.
 * Noise on several scales, each as strong as the square root of its period, has the shape of a random walk. The short scales
 * are stronger in lively hours.
 */
export function walkPrice({ seed, basePrice, volatility }: Walk, timeMs: number): number {
  const strength = Math.sqrt(activity(seed, timeMs))
  let logPrice = 0
  for (const periodMs of PERIODS_MS) {
    const isShort = periodMs <= LONGEST_LIVELY_MS
    const scale = volatility * Math.sqrt(periodMs / YEAR_MS) * (isShort ? strength : 1)
    logPrice += scale * smoothNoise(seed, periodMs, timeMs)
  }
  return basePrice * Math.exp(logPrice)
}

/** The liveliness of trade at a moment, about 1 on average: higher in the hours of Europe and America, and in bursts. */
export function activity(seed: number, timeMs: number): number {
  const hour = (timeMs / HOUR_MS) % 24
  const session = 0.5 + 0.6 * bump(hour, 8.5, 2.5) + 0.9 * bump(hour, 15, 3)
  return session * Math.exp(weighted(BURSTS, seed, timeMs))
}

/** The rate of ticks, 1 on average: it follows `activity`, with flurries of minutes. */
export function tickRate(seed: number, timeMs: number): number {
  return activity(seed, timeMs) * Math.exp(weighted(FLURRIES, seed, timeMs))
}

/** Mixes two integers into a number in [−1, 1); the finalizer is MurmurHash3's. */
export function hashToUnit(seed: number, n: number): number {
  let h = Math.imul(seed ^ (n | 0) ^ Math.imul(Math.floor(n / 2 ** 32), 0x27d4eb2f), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  h ^= h >>> 16
  return (h >>> 0) / 2 ** 31 - 1
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS
const PERIODS_MS = [180, 45, 10, 2.5, 0.6, 0.15, 0.04, 0.01, 0.0025, 0.0006, 0.00015, 0.00004].map(
  days => days * DAY_MS,
)
/** Bursts are longer than this: where they change the strength of a scale, the price does not jump. */
const LONGEST_LIVELY_MS = HOUR_MS
const BURSTS = [
  [5.3 * HOUR_MS, 0.7],
  [1.7 * HOUR_MS, 0.6],
] as const
const FLURRIES = [
  [0.13 * HOUR_MS, 0.5],
  [0.031 * HOUR_MS, 0.7],
  [0.017 * HOUR_MS, 0.6],
] as const
/** Makes the noise of bursts another one than the price's. */
const BURST_SEED = 0x5bd1e995

/** The weighted sum of noise on some scales. */
function weighted(scales: typeof BURSTS | typeof FLURRIES, seed: number, timeMs: number): number {
  return scales.reduce(
    (sum, [periodMs, weight]) => sum + weight * smoothNoise(seed ^ BURST_SEED, periodMs, timeMs),
    0,
  )
}

/** A bell curve: 1 at the centre, almost 0 a few widths away. */
function bump(hour: number, centre: number, width: number): number {
  return Math.exp(-(((hour - centre) / width) ** 2) / 2)
}

/** Between −1 and 1: random at whole multiples of the period, smooth in between. */
function smoothNoise(seed: number, periodMs: number, timeMs: number): number {
  const position = timeMs / periodMs
  const cell = Math.floor(position)
  const x = position - cell
  const weight = x * x * (3 - 2 * x)
  const at = (n: number) => hashToUnit(seed ^ Math.imul(periodMs, 0x9e3779b1), n)
  return at(cell) * (1 - weight) + at(cell + 1) * weight
}
