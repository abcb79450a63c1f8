import type { Bench, BenchRun, Results } from '../benches.ts'
import { table } from '../table.ts'
import { BenchFailed } from '../until.ts'
import { VIEWERS_OPTIONS, viewersOptions } from './options.ts'
import { viewSymbols } from './viewSymbols.ts'
import { DAYS_OF_HOURS, HOURS_OF_MINUTES } from './wideHistory.ts'

/** Measures the waiting times of viewers of the page, and their cost to the pipeline. */
export const viewers: Bench = {
  usage: `All at once, --viewers N (50) of different symbols look at m1 and then at two other timeframes; then each looks once every
             2 s for --seconds N (60). Then --loads N (200) of the page with an empty cache, ten a second. Rollup's delay with
             viewers is set against that of --minutes N (3) without. One answer in --check-every N (10) is compared with
             Trino's: a wrong one is a failure.
               --symbols N,N (20,5000), one run after the other, on --days N (365) of history. Up to 200 symbols: a tick a minute,
                 and its candles; a tick a second and symbol live. More symbols: candles alone, D1 to M1 of all days, h1 to h4
                 of ${DAYS_OF_HOURS} days, m1 to m30 of the last ${HOURS_OF_MINUTES} hours; a tick each 10 s and symbol live
               --log FILE keeps what the functions log`,
  options: VIEWERS_OPTIONS,
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const options = viewersOptions(run)
  const results: Record<string, Results[string]> = {}
  let wrong = 0
  for (const symbols of options.symbols) {
    const viewed = await alone(run, own => viewSymbols(own, options, symbols))
    wrong += viewed.wrong
    const named = Object.entries(viewed.results).map(
      ([name, figures]) => [`${symbols}: ${name}`, figures] as const,
    )
    Object.assign(results, Object.fromEntries(named))
    run.progress(table(Object.fromEntries(named)))
  }
  if (wrong > 0) throw new BenchFailed(`${wrong} answers are wrong: see above`)
  return results
}

/** Runs the work, and ends all processes that it started when it ends, and not only with the bench. */
async function alone<Result>(run: BenchRun, work: (run: BenchRun) => Promise<Result>): Promise<Result> {
  const onEnd = new AsyncDisposableStack()
  run.onEnd.use(onEnd)
  try {
    return await work({ ...run, onEnd })
  } finally {
    await onEnd.disposeAsync()
  }
}
