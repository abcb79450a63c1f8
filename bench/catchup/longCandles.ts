import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Micros } from '../../lib/market/time.ts'
import { bucketEnd, timeframeOf } from '../../lib/market/timeframe.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import type { Services } from '../../lib/services.ts'
import { rowTimeframesOf } from '../../lib/tables/candleFiles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'

const LONG = ['D1', 'W1', 'M1']

/** How many candles of days, weeks and months that are over the table has, and how many of them are open. */
export async function countLongCandles(
  { catalog, store }: Pick<Services, 'catalog' | 'store'>,
  overUs: Micros,
): Promise<{ readonly over: number; readonly open: number }> {
  const table = await loadTable(catalog, CANDLES_TABLE)
  const files = await planFiles(store, table, {
    keep: file => rowTimeframesOf(file).some(name => LONG.includes(name)),
  })
  const all = (await Promise.all(files.map(file => readCandles(store, file)))).flat()
  const rows = all.filter(({ timeframe }) => LONG.includes(timeframe))
  const over = rows.filter(row => bucketEnd(timeframeOf(row.timeframe), row.dateTimeUs) <= overUs)
  return { over: over.length, open: over.filter(({ closed }) => !closed).length }
}
