import type { Results } from '../benches.ts'
import { rounded } from '../table.ts'

/** As `serverless.yml` gives to each function. */
const MEMORY_MB = (1_024 * 2 ** 20) / 1e6
/** The next minute is due. */
const MINUTE_MS = 60_000

/** CPU by CPU: what a longer history costs more, and the obvious way. */
export function ratios(results: Results): Record<string, number> {
  const ratio = (name: string, a: string, b: string) => {
    const [cpuA, cpuB] = [results[a]?.cpu_ms, results[b]?.cpu_ms]
    return cpuA === undefined || cpuB === undefined ? {} : { [name]: rounded(cpuA / cpuB) }
  }
  return {
    ...ratio('days_365_to_30', 'days_365', 'days_30'),
    ...ratio('days_30_to_1', 'days_30', 'days_1'),
    ...ratio('naive_to_days_30', 'naive', 'days_30'),
  }
}

/** With how many symbols a function's memory is full, and a minute's rollup takes a minute: two measurements, extended in a line. */
export function symbolsHeld(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  const extended = (figure: string, limit: number) => {
    const each = (b[figure]! - a[figure]!) / (b.symbols! - a.symbols!)
    return Math.floor(b.symbols! + (limit - b[figure]!) / each)
  }
  return { by_memory: extended('peak_rss_mb', MEMORY_MB), by_time: extended('wall_ms', MINUTE_MS) }
}
