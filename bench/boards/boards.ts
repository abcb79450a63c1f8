import { allTimeframesBoard } from '../../grafana/boards/allTimeframesBoard.ts'
import { candlesBoard } from '../../grafana/boards/candlesBoard.ts'
import { expand } from '../../grafana/boards/expand.ts'
import { SUITABLE_RANGE } from '../../grafana/boards/ranges.ts'
import { type Statement, statementsOf } from '../../grafana/boards/statements.ts'
import { floorTo, MINUTE_US } from '../../lib/market/time.ts'
import { FAKE_SOURCE, fakeInstruments } from '../../lib/produce/fakeTicks.ts'
import { askTrino, type ReadStats } from '../askTrino.ts'
import type { Bench, BenchRun, Results } from '../benches.ts'
import { buildHistory } from '../history/buildHistory.ts'
import { DEFAULT_HISTORY, SEED } from '../history/spec.ts'
import { wholeNumber } from '../options.ts'
import { percentilesMs } from '../percentile.ts'
import { BenchFailed } from '../until.ts'
import { openWorld } from '../world.ts'

/** Every statement of the boards that ask Trino, on a history: how long it takes, and how much it reads. */
export const boards: Bench = {
  usage: 'What the panels and variables of the Grafana boards ask of Trino. --days N (365), --rounds N (20)',
  options: { days: { type: 'string' }, rounds: { type: 'string' } },
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const days = wholeNumber(run, 'days', 365)
  const rounds = wholeNumber(run, 'rounds', 20)
  const { sandbox, services } = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  const endUs = floorTo(Date.now() * 1000, MINUTE_US)
  run.progress(`${days} days of ${DEFAULT_HISTORY.symbols} symbols …`)
  await buildHistory(services, { ...DEFAULT_HISTORY, days, endUs }, run.progress)

  const symbols = fakeInstruments(SEED, DEFAULT_HISTORY.symbols).map(({ symbol }) => symbol)
  const ask = async (statement: Statement, round: number) => {
    const to = new Date()
    const from = new Date(to.getTime() - rangeMs(statement.range ?? SUITABLE_RANGE.m1))
    const variables = { source: FAKE_SOURCE, symbol: symbols[round % symbols.length]!, timeframe: 'm1' }
    const sql = expand(statement.rawSQL, { from, to, variables })
    const startedMs = performance.now()
    const { stats } = await askTrino(sandbox.env.TRINO_URL, sql)
    return { tookMs: performance.now() - startedMs, stats }
  }
  const all = Object.entries({ candles: candlesBoard(), 'all timeframes': allTimeframesBoard() }).flatMap(
    ([board, made]) =>
      statementsOf(made).map(statement => ({ title: `${board}: ${statement.name}`, statement })),
  )
  run.progress('each once, so that Trino is warm …')
  for (const { statement } of all) await ask(statement, 0)
  const results: Record<string, Readonly<Record<string, number>>> = {}
  for (const { title, statement } of all) {
    run.progress(title)
    const asked: Awaited<ReturnType<typeof ask>>[] = []
    for (let round = 0; round < rounds; round++) asked.push(await ask(statement, round))
    results[title] = figures(asked)
  }
  return results
}

function figures(asked: readonly { tookMs: number; stats: ReadStats }[]): Record<string, number> {
  const { p50_ms, p95_ms } = percentilesMs(asked.map(({ tookMs }) => tookMs))
  const most = (of: (stats: ReadStats) => number) => Math.max(...asked.map(({ stats }) => of(stats)))
  return {
    p50_ms,
    p95_ms,
    rows_read: most(stats => stats.processedRows),
    kb_read: Math.round(most(stats => stats.physicalInputBytes) / 1000),
    splits: most(stats => stats.totalSplits),
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 }

/** Grafana's `3h`, `7d`, `2y`. */
function rangeMs(range: string): number {
  const [, count, unit] = /^(\d+)([hdy])$/.exec(range) ?? []
  if (unit === undefined) throw new BenchFailed(`no range: ${range}`)
  return Number(count) * UNIT_MS[unit]!
}
