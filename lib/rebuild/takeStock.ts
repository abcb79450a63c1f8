import { isLate } from '../market/tick.ts'
import type { ObjectStore } from '../ports.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'
import { keyOf } from './findEnds.ts'
import { OffsetSet, type Run } from './offsetSet.ts'
import { type LogId, mayHold, readPlaces, type TickFile } from './tickFiles.ts'

/** Offsets of one partition in one epoch. */
export interface Stretch extends LogId {
  readonly run: Run
}

/** The offsets of a stretch that the table has. */
export interface Stock extends Stretch {
  readonly there: OffsetSet
  /** The number of rows beyond the first with their offset. */
  doubled: number
  /** The first offsets with more than one row. */
  readonly doubledOffsets: number[]
}

/** The result of `takeStock`. */
export interface StockTaken {
  readonly stocks: readonly Stock[]
  /** Ticks that came after their minute's candle was due. */
  readonly late: number
}

/** The number of examples of one kind that are kept; all are counted. */
export const SHOWN = 10

/** One bit for each offset: 256 MB at most. */
const OFFSETS_AT_ONCE = 2 ** 31

/** Cuts the offsets below a vector into parts that are processed one after the other, to bound the memory. */
export function partsBelow({ positions }: OffsetVector, offsetsAtOnce = OFFSETS_AT_ONCE): Stretch[][] {
  const parts: Stretch[][] = []
  let room = 0
  for (const { epoch, partition, next } of positions) {
    for (let from = 0; from < next; ) {
      if (room === 0) {
        parts.push([])
        room = offsetsAtOnce
      }
      const to = Math.min(next, from + room)
      parts.at(-1)!.push({ epoch, partition, run: { from, to } })
      room -= to - from
      from = to
    }
  }
  return parts
}

/** Reads from the data files which offsets of the stretches the table has, and which it has more than once. */
export async function takeStock(
  store: ObjectStore,
  files: readonly TickFile[],
  stretches: readonly Stretch[],
  graceMs: number,
  onFile: (read: number, of: number) => void,
): Promise<StockTaken> {
  const stocks = stretches.map(stretch => {
    return { ...stretch, there: new OffsetSet(stretch.run), doubled: 0, doubledOffsets: [] as number[] }
  })
  const byLog = Map.groupBy(stocks, keyOf)
  const wanted = files.filter(file =>
    stretches.some(({ run, ...log }) => mayHold(file, log, run.from, run.to)),
  )
  let late = 0
  for (const [i, file] of wanted.entries()) {
    const { epoch, partition, offset, dateTimeUs, timestampUs } = await readPlaces(store, file)
    for (let row = 0; row < offset.length; row++) {
      const log = { epoch: epoch[row]!, partition: partition[row]! }
      const stock = stockOf(byLog.get(keyOf(log)), Number(offset[row]!))
      if (stock === undefined) continue
      count(stock, Number(offset[row]!))
      if (isLate(dateTimeUs[row]!, timestampUs[row]! / 1000, graceMs)) late += 1
    }
    onFile(i + 1, wanted.length)
  }
  return { stocks, late }
}

function stockOf(stocks: readonly Stock[] = [], offset: number): Stock | undefined {
  return stocks.find(({ run }) => offset >= run.from && offset < run.to)
}

function count(stock: Stock, offset: number): void {
  if (stock.there.add(offset)) return
  stock.doubled += 1
  if (stock.doubledOffsets.length < SHOWN) stock.doubledOffsets.push(offset)
}
