import { median } from '../median.ts'

const HUNDRED = 100
/** Until Trino and this process are warm. */
const WARM_UP = 20

/** The median of the last hundred ÷ that of the first, those of the warming up left out; of a short run, of its halves. */
export function ratioOfHundreds(timesMs: readonly number[]): number {
  const warm = timesMs.slice(Math.min(WARM_UP, Math.floor(timesMs.length / 4)))
  const count = Math.min(HUNDRED, Math.floor(warm.length / 2))
  return median(warm.slice(-count)) / median(warm.slice(0, count))
}

/** Median and maximum, named for what took so long. */
export function spread(name: string, timesMs: readonly number[]): Record<string, number> {
  return {
    [`${name}_p50_ms`]: Math.round(median(timesMs)),
    [`${name}_max_ms`]: Math.round(Math.max(...timesMs)),
  }
}
