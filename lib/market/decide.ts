import type { Candle, CandleKey } from './candle.ts'
import { type CandleBook, symbolKey } from './candleBook.ts'
import type { Micros } from './time.ts'
import { removedTimeframe, timeframeOfRemoved } from './timeframe.ts'

export interface Decision {
  /** What the ticks say now of the candles that they touch, beside what is stored. */
  readonly book: CandleBook
  /** Stored rows, those that are open and may close among them. */
  readonly stored: Iterable<Candle>
  /** True for a candle that is closed from now on, unless it is so already. */
  readonly isOver: (candle: CandleKey) => boolean
  /** `updated_at` of all that changes; later than every one before. */
  readonly stampUs: Micros
  /** Whatever changes gets a revision above this. */
  readonly revisionFloor: number
}

/** What becomes of the table's rows. */
export interface Decided {
  /** Rows to write, in the place of those with the same key. */
  readonly rows: readonly Candle[]
  /** Rows that leave, and have no successor of the same key. */
  readonly gone: readonly CandleKey[]
}

/**
 * The rows to write: those whose values or `closed` change, with a revision one above the last that there was. A candle
 * without ticks becomes a row of its removed timeframe; one that comes back goes on with that row's revision.
 */
export function decideCandles({ book, stored, isOver, stampUs, revisionFloor }: Decision): Decided {
  const rows: Candle[] = []
  const gone: CandleKey[] = []
  for (const { key, stored, computed } of book.entries()) {
    const removed = removedRow(book, key)
    const revision = Math.max(stored?.revision ?? removed?.revision ?? 0, revisionFloor) + 1
    if (computed === undefined) {
      gone.push(key)
      rows.push({ ...stored!, ...removedKey(key), volume: 0, closed: true, revision, updatedAtUs: stampUs })
    } else {
      if (removed !== undefined) gone.push(removed)
      const closed = stored?.closed === true || isOver(key)
      rows.push({ ...computed, closed, revision, updatedAtUs: stampUs })
    }
  }
  for (const row of stored) {
    if (row.closed || timeframeOfRemoved(row.timeframe) !== undefined || !isOver(row)) continue
    if (book.differing(row.timeframe).get(row.dateTimeUs)?.has(symbolKey(row))) continue
    const revision = Math.max(row.revision, revisionFloor) + 1
    rows.push({ ...row, closed: true, revision, updatedAtUs: stampUs })
  }
  return { rows, gone }
}

function removedKey({ source, symbol, timeframe, dateTimeUs }: CandleKey): CandleKey {
  return { source, symbol, timeframe: removedTimeframe(timeframe), dateTimeUs }
}

/** The row that stands for the candle since it was removed. */
function removedRow(book: CandleBook, key: CandleKey): Candle | undefined {
  return book.stored(removedTimeframe(key.timeframe), key.dateTimeUs, symbolKey(key))
}
