/**
 * The price of a made-up instrument at a moment: a pure function, so that it needs no memory and repeats exactly.
 * Noise on several scales, each as strong as the square root of its period, is the shape of a random walk.
 * `seed` is a 32-bit integer.
 */
export function walkPrice(seed: number, basePrice: number, timeMs: number): number {
  let logPrice = 0
  for (const periodMs of PERIODS_MS) {
    const strength = YEARLY_VOLATILITY * Math.sqrt(periodMs / YEAR_MS)
    logPrice += strength * smoothNoise(seed, periodMs, timeMs)
  }
  return basePrice * Math.exp(logPrice)
}

const YEAR_MS = 365 * 86_400_000
const YEARLY_VOLATILITY = 0.4
const PERIODS_MS = [180, 45, 10, 2.5, 0.6, 0.15, 0.04, 0.01, 0.0025, 0.0006, 0.00015, 0.00004].map(
  days => days * 86_400_000,
)

/** Between −1 and 1: random at whole multiples of the period, smooth in between. */
function smoothNoise(seed: number, periodMs: number, timeMs: number): number {
  const position = timeMs / periodMs
  const cell = Math.floor(position)
  const x = position - cell
  const weight = x * x * (3 - 2 * x)
  const at = (n: number) => hashToUnit(seed ^ Math.imul(periodMs, 0x9e3779b1), n)
  return at(cell) * (1 - weight) + at(cell + 1) * weight
}

/** Mixes two integers into a number in [−1, 1); the finalizer is MurmurHash3's. */
function hashToUnit(seed: number, n: number): number {
  let h = Math.imul(seed ^ (n | 0) ^ Math.imul(Math.floor(n / 2 ** 32), 0x27d4eb2f), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  h ^= h >>> 16
  return (h >>> 0) / 2 ** 31 - 1
}
