import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { readRows } from '../../lib/iceberg/readRows.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { CandleBook } from '../../lib/market/candleBook.ts'
import { decideCandles } from '../../lib/market/decide.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { layOut } from '../../lib/rollup/layOut.ts'
import { closedBy } from '../../lib/rollup/staleHours.ts'
import { readOnce } from '../../lib/rollup/storedCandles.ts'
import { candlesState, candlesSummary, NOTHING_STALE } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { TICKS_SCHEMA, TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { foldTicks, type OracleTick } from './foldTicks.ts'

interface Needs {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly nowMs: () => number
}

/** All rows of the ticks table, as the oracle folds them. */
export async function ticksOf({ catalog, store }: Needs): Promise<OracleTick[]> {
  const files = await planFiles(store, await catalog.loadTable(TICKS_TABLE))
  const perFile = await Promise.all(files.map(file => readRows(store, file, TICKS_SCHEMA)))
  return perFile.flatMap(columns =>
    columns.source!.map((source, i) => ({
      source: String(source),
      symbol: String(columns.symbol![i]),
      mid: Number(columns.mid![i]),
      number: BigInt(columns.number![i] as bigint),
      dateTimeUs: BigInt(columns.date_time![i] as number),
      epoch: Number(columns.kafka_epoch![i]),
      partition: Number(columns.kafka_partition![i]),
      offset: Number(columns.kafka_offset![i]),
    })),
  )
}

/**
 * What rollup does, without Trino: brings the candles up to all ticks, computed by the oracle, decided, laid out and
 * committed by the project's own code. Closes what ended by `closedUntilUs`. Gives how many rows changed.
 */
export async function rollUpInMemory(services: Needs, closedUntilUs: number): Promise<number> {
  const { catalog, store, nowMs } = services
  const candles = await catalog.loadTable(CANDLES_TABLE)
  const ticks = await catalog.loadTable(TICKS_TABLE)
  const before = candlesState(candles)
  const stored = await readOnce(store, await planFiles(store, candles))
  const computed = [...foldTicks(await ticksOf(services)).values()].map(({ start, ...candle }) => ({
    ...candle,
    dateTimeUs: Date.parse(start) * 1000,
  }))
  const stampUs = Math.max(nowMs() * 1000, before.stampUs + 1)
  const book = new CandleBook()
  for (const { rows } of stored) for (const row of rows) book.add(row)
  for (const candle of computed) book.put(candle)
  const changed = decideCandles({
    book,
    stored: stored.flatMap(({ rows }) => rows),
    isOver: closedBy(NOTHING_STALE, closedUntilUs),
    stampUs,
    revisionFloor: 0,
  })
  const { remove, write, rewrite, rewritten } = layOut(stored, changed)
  const again = rewrite.map(file => rewritten(stored.find(each => each.file === file)!.rows))
  const add = await Promise.all(
    [...write, ...again].map(some => writeDataFile(store, candles, candleColumns(some), some.length)),
  )
  const summary = candlesSummary({
    ...before,
    vector: ticksState(ticks).vector,
    ticksSequence: ticks.metadata.lastSequenceNumber,
    hours: NOTHING_STALE,
    closedUntilUs,
    stampUs,
  })
  const staged = await stageSnapshot(store, candles, { add, remove, summary, nowMs: nowMs() })
  await commitSnapshot(catalog, candles, staged)
  return changed.rows.length
}
