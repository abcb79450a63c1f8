import { DAY_US } from '../../lib/market/time.ts'
import { VERIFY_LIMITS } from '../../lib/verify/verifyTables.ts'
import type { Bench, BenchRun, Results } from '../benches.ts'
import { DEFAULT_HISTORY, type HistorySpec } from '../history/spec.ts'
import { list, wholeNumber, wholeNumbers } from '../options.ts'
import { verifyCandles } from '../verifyCandles.ts'
import { openWorld } from '../world.ts'
import { measureRollups } from './measure.ts'
import { buildHistories, type MeasuredHistory } from './measuredHistory.ts'
import { measureNaive } from './naive.ts'
import { ratios, symbolsHeld } from './ratios.ts'

/** Late on a Sunday, the last day of its month: every open bucket is nearly full. */
const END_US = Date.parse('2025-08-31T22:00:00Z') * 1000
const MONTH_FROM_US = Date.parse('2025-08-01T00:00:00Z') * 1000

/** What a month of many symbols has before its last day: a tick an hour, as only the last day's minutes are read. */
const MANY_SYMBOLS = { days: 30, everySeconds: 3_600 } as const

/** Trino compiles what it runs often: after so many statements it takes a fraction of what the first ones took. */
const WARM_UPS = 100

/** What a minute costs, however long the history, and however many the symbols. */
export const rollup: Bench = {
  usage:
    "A minute's rollup on histories of 1, 30 and 365 days, against the obvious way, and with many symbols. " +
    '--histories 1,30,365 --rounds N (15) --symbols 200,2000,10000/6 (a tick each 6 s) --without naive,symbols ' +
    '--warm-ups N (100)',
  options: {
    histories: { type: 'string' },
    rounds: { type: 'string' },
    symbols: { type: 'string' },
    without: { type: 'string' },
    'warm-ups': { type: 'string' },
  },
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const without = list(run.values.without ?? '')
  const days = wholeNumbers(run, 'histories', '1,30,365')
  const rounds = wholeNumber(run, 'rounds', 15)
  const warmUps = wholeNumber(run, 'warm-ups', WARM_UPS)
  const many = without.includes('symbols') ? [] : manySymbols(run)
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  const byDays = await buildHistories(world, specs(days.map(n => [`days_${n}`, { days: n }])), run)
  const results: Record<string, Record<string, number>> = {
    ...Object.fromEntries(await measureRollups(world, byDays, { warmUps, rounds }, run)),
  }
  await verifyAll(byDays, run)
  if (!without.includes('naive')) {
    const dense = { days: 30, everySeconds: 1, lastDayEverySeconds: 1, candles: false }
    const [history] = await buildHistories(world, specs([['naive', dense]]), run)
    results.naive = await measureNaive(world, history!, run)
  }
  for (const [name, spec] of many) {
    const history = await buildHistories(world, specs([[name, { ...MANY_SYMBOLS, ...spec }]]), run)
    const times = { warmUps: 1, rounds: Math.ceil(rounds / 3) }
    Object.assign(results, Object.fromEntries(await measureRollups(world, history, times, run)))
    await verifyAll(history, run)
  }
  const [few, most] = many.filter(([, { liveEverySeconds }]) => liveEverySeconds === 1).slice(-2)
  const held = few && most ? { symbols_held: symbolsHeld(results[few[0]]!, results[most[0]]!) } : {}
  return { ...results, ratios: ratios(results), ...held }
}

/** `--symbols`: how many, and how many seconds lie between the ticks of each; one where it does not say. */
function manySymbols(run: BenchRun): [string, { symbols: number; liveEverySeconds: number }][] {
  return list(run.values.symbols ?? '200,2000,10000/6').map(text => {
    const [symbols, liveEverySeconds] = text
      .split('/')
      .map(part => wholeNumber({ values: { symbols: part } }, 'symbols', 0))
    return [
      `symbols_${text.replace('/', '_every_')}`,
      { symbols: symbols!, liveEverySeconds: liveEverySeconds ?? 1 },
    ]
  })
}

function specs(changes: readonly [string, Partial<HistorySpec>][]): Record<string, HistorySpec> {
  const base = { ...DEFAULT_HISTORY, days: 30, endUs: END_US }
  return Object.fromEntries(changes.map(([name, change]) => [name, { ...base, ...change }]))
}

/** The candles of the month that was measured, against their recomputation from the raw ticks. */
async function verifyAll(histories: readonly MeasuredHistory[], run: BenchRun): Promise<void> {
  for (const { name, services } of histories) {
    run.progress(`history ${name}: verifying …`)
    const range = { fromUs: MONTH_FROM_US, toUs: END_US + DAY_US }
    const limits = { ...VERIFY_LIMITS, publishPatienceMs: 0 }
    await verifyCandles(services, range, limits)
  }
}
