import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import type { Candle } from '../market/candle.ts'
import { removedTimeframe } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import { rowTimeframesOf } from '../tables/candleFiles.ts'
import { bySendingOrder, type Mark, mayHoldUnsent, type Refill, reachAt } from './sendingOrder.ts'
import { type UnsentPart, unsentCandles } from './unsentCandles.ts'

/** Candles of a refill for one transaction, and the mark once they are sent. */
export interface RefillPart extends UnsentPart {
  readonly timeframe: string
  readonly mark: Mark
}

/** The refills of the mark, topic by topic, in the sending order and in parts of bounded size. */
export async function* refillParts(store: ObjectStore, table: Table, mark: Mark): AsyncGenerator<RefillPart> {
  let reached = mark
  for (const refill of mark.refills ?? []) {
    for await (const part of partsOf(store, table, mark.tableUuid, refill)) {
      reached = { ...reached, refills: refillsAfter(reached, refill.timeframe, part) }
      yield { ...part, timeframe: refill.timeframe, mark: reached }
    }
  }
}

async function* partsOf(
  store: ObjectStore,
  table: Table,
  tableUuid: string,
  { timeframe, from, before }: Refill,
): AsyncGenerator<UnsentPart> {
  const start: Mark = { tableUuid, ...from }
  const names = [timeframe, removedTimeframe(timeframe)]
  const files = await planFiles(store, table, {
    keep: file => rowTimeframesOf(file).some(name => names.includes(name)) && mayHoldUnsent(file, start),
  })
  const isWanted = (candle: Candle) => names.includes(candle.timeframe)
  for await (const { candles, isLast } of unsentCandles(store, files, start, { isWanted })) {
    const lacking = candles.filter(candle => bySendingOrder(candle, before) < 0)
    const isEnd = isLast || lacking.length < candles.length
    yield { candles: lacking, isLast: isEnd }
    if (isEnd) return
  }
}

function refillsAfter({ refills = [] }: Mark, timeframe: string, { candles, isLast }: UnsentPart): Refill[] {
  const others = refills.filter(refill => refill.timeframe !== timeframe)
  const refill = refills.find(each => each.timeframe === timeframe)!
  return isLast ? others : [{ ...refill, from: reachAt(candles.at(-1)!) }, ...others]
}
