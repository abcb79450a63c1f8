import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { bucketEnd, timeframeOf } from '../../lib/market/timeframe.ts'
import { fakeInstruments, receiveDelayMs } from '../../lib/steps/fakeTicks.ts'
import { candlesRetention, ticksRetention } from '../../lib/steps/retention.ts'
import type { Services } from '../../lib/steps/services.ts'
import {
  CANDLES_TABLE,
  type CandlesState,
  candlesState,
  candlesSummary,
} from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { NO_TICKS, TICKS_TABLE, ticksSummary } from '../../lib/tables/ticksTable.ts'
import { CandleFiles } from './candleFiles.ts'
import { CandleFold } from './candleFold.ts'
import { Logs } from './logs.ts'
import type { HistorySpec } from './spec.ts'
import { lastMidnight, stretchesOf, ticksIn } from './stretches.ts'
import { TableWriter } from './tableWriter.ts'
import { makeTicks } from './ticks.ts'

/** The instruments that `produce` makes up. */
const SEED = 1
const SAY_EVERY_MS = 10_000

/**
 * Fills the tables, which are empty, as if the pipeline had run for so many days: raw ticks and their candles, compacted
 * as `maintain` does, on lists of snapshots as long as they get; on Kafka retention has removed the ticks (`passLogs`
 * sees to it). Candles that changed on the last day have a later stamp than all others. Gives what the candles' summary says.
 */
export async function buildHistory(
  services: Pick<Services, 'catalog' | 'store' | 'settings'>,
  spec: HistorySpec,
  progress: (line: string) => void,
): Promise<CandlesState> {
  const { catalog, store, settings } = services
  const ticks = new TableWriter(services, await loadTable(catalog, TICKS_TABLE), ticksRetention(settings))
  const candles = new TableWriter(
    services,
    await loadTable(catalog, CANDLES_TABLE),
    candlesRetention(settings),
  )
  const instruments = fakeInstruments(SEED, spec.symbols).sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const logs = new Logs(instruments)
  const files = new CandleFiles(store, candles.table)
  const stampUs = Date.now() * 1000
  const fold = new CandleFold(spec.endUs, some =>
    files.add(some.map(candle => ({ ...candle, updatedAtUs: stampOf(candle, spec, stampUs) }))),
  )
  const before = candlesState(candles.table)
  const state = (): CandlesState => ({
    ...before,
    vector: logs.vector,
    ticksSequence: ticks.table.metadata.lastSequenceNumber,
    closedUntilUs: spec.endUs,
    stampUs,
    pending: [],
  })
  let rows = 0
  const ticksSaid = () => ticksSummary({ vector: logs.vector, totals: { ...NO_TICKS, ticks: rows } })

  let saidMs = performance.now()
  for (const stretch of stretchesOf(spec)) {
    const made = makeTicks(stretch, instruments, logs)
    const each = ticksIn(stretch)
    logs.advance(
      each,
      (stretch.fromUs + (each - 1) * stretch.everyUs) / 1000 + receiveDelayMs(instruments[0]!),
    )
    rows += made.rows
    await ticks.commit([await writeDataFile(store, ticks.table, made.columns, made.rows)], ticksSaid())
    if (spec.candles) {
      for (const [n, { symbol }] of instruments.entries()) fold.add(symbol, made, n * each, (n + 1) * each)
      const written = await files.writeUntil(stretch.toUs)
      if (written.length > 0) await candles.commit(written, candlesSummary(state()))
    }
    if (performance.now() - saidMs < SAY_EVERY_MS) continue
    saidMs = performance.now()
    progress(`  ${rows.toLocaleString('en-US')} ticks, up to ${formatDateTime(stretch.toUs).slice(0, 10)}`)
  }
  fold.end()
  await candles.commit(await files.end(), candlesSummary(state()))
  await ticks.lengthenList(ticksSaid())
  await candles.lengthenList(candlesSummary(state()))
  return state()
}

function stampOf(candle: Candle, spec: HistorySpec, stampUs: number): number {
  const endUs = bucketEnd(timeframeOf(candle.timeframe), candle.dateTimeUs)
  return endUs > lastMidnight(spec) ? stampUs : stampUs - 1
}
