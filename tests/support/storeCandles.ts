import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { encodeDataFiles } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import type { WorldTables } from './world.ts'

const MINUTE_US = 60_000_000
const START_US = Date.parse('2026-03-01T12:00:00Z') * 1000

/** The candle of the n-th minute, told by its volume, of one of 7 symbols. */
export function candle(n: number, stampUs: number, revision = 1, timeframe = 'm1'): Candle {
  const key = { source: 's', symbol: `x${n % 7}`, timeframe, dateTimeUs: START_US + n * MINUTE_US }
  const values = { open: 1, high: 2, low: 1, close: 2, volume: n }
  return { ...key, ...values, closed: true, revision, updatedAtUs: stampUs }
}

/** Replaces the rows of the table, as a rollup's commit would. Each list becomes one file for each of its partitions. */
export async function storeCandles(
  { catalog, services, clock }: WorldTables,
  ...files: Candle[][]
): Promise<void> {
  const table = await catalog.loadTable(CANDLES_TABLE)
  const encoded = files.flatMap(rows => encodeDataFiles(table, candleColumns(rows), rows.length))
  await Promise.all(encoded.map(({ file, bytes }) => services.store.write(file.path, bytes)))
  const before = candlesState(table)
  const stampUs = Math.max(before.stampUs + 1, ...files.flat().map(row => row.updatedAtUs))
  const staged = await stageSnapshot(services.store, table, {
    add: encoded.map(({ file }) => file),
    remove: await planFiles(services.store, table),
    summary: candlesSummary({ ...before, stampUs }),
    nowMs: clock.nowMs,
  })
  await commitSnapshot(catalog, table, staged)
}
