import type { LiveFile } from '../iceberg/dataFile.ts'
import { withoutEqualityDeletes } from '../iceberg/deletes/deletedRows.ts'
import type { Candle } from '../market/candle.ts'
import type { ObjectStore } from '../ports.ts'
import { readCandles } from '../rollup/storedCandles.ts'
import {
  byPlace,
  bySendingOrder,
  isUnsent,
  type Mark,
  markAt,
  mayHoldUnsent,
  type Place,
  startOf,
} from './sendingOrder.ts'

export interface UnsentOptions {
  /** The most rows of the files read at once (one file may have more), and of the candles found at once: bounds the memory. */
  readonly rowsAtOnce?: number
  /** The most candles of a part: bounds a transaction. */
  readonly rowsPerPart?: number
  /** Candles for which it is false are left out. */
  readonly isWanted?: (candle: Candle) => boolean
}

/** What one transaction holds. */
export interface UnsentPart {
  readonly candles: readonly Candle[]
  /** True when no candle is left behind these. */
  readonly isLast: boolean
}

/** The unsent candles of the files in sending order, in parts of bounded size; one empty part when there are none. */
export async function* unsentCandles(
  store: ObjectStore,
  files: readonly LiveFile[],
  from: Mark,
  { rowsAtOnce = 50_000, rowsPerPart = 5_000, isWanted = () => true }: UnsentOptions = {},
): AsyncGenerator<UnsentPart> {
  for (let mark = from, isLast = false; !isLast; ) {
    const found = await firstUnsent(store, files, mark, rowsAtOnce, isWanted)
    for (let i = 0; i === 0 || i < found.length; i += rowsPerPart) {
      const candles = found.slice(i, i + rowsPerPart)
      isLast = found.length < rowsAtOnce && i + candles.length === found.length
      yield { candles, isLast }
    }
    if (!isLast) mark = markAt(mark.tableUuid, found.at(-1)!)
  }
}

interface Waiting {
  readonly file: LiveFile
  readonly start: Place
}

/**
 * The first `most` unsent candles, fewer only when there are no more. Files are read from the earliest place
 * on, until none is left that may hold an earlier candle than those found.
 */
async function firstUnsent(
  store: ObjectStore,
  files: readonly LiveFile[],
  mark: Mark,
  most: number,
  isWanted: (candle: Candle) => boolean,
): Promise<Candle[]> {
  const waiting = files
    .filter(file => mayHoldUnsent(file, mark))
    .map(file => ({ file, start: startOf(file, mark) }))
    .sort((a, b) => byPlace(a.start, b.start))
  let found: Candle[] = []
  while (waiting.length > 0) {
    const limit = found[most - 1]
    if (limit && byPlace(waiting[0]!.start, limit) > 0) break
    const batch = takeRows(waiting, most)
    const rows = await Promise.all(batch.map(({ file }) => readUnsent(store, file, mark, limit)))
    found = [...found, ...rows.flat().filter(isWanted)].sort(bySendingOrder).slice(0, most)
  }
  return found
}

/** Takes files off the front, as many as have `rows` rows together, at least one. */
function takeRows(waiting: Waiting[], rows: number): Waiting[] {
  let sum = 0
  const end = waiting.findIndex(({ file }, i) => {
    sum += file.recordCount
    return i > 0 && sum > rows
  })
  return waiting.splice(0, end < 0 ? waiting.length : end)
}

async function readUnsent(
  store: ObjectStore,
  file: LiveFile,
  mark: Mark,
  limit: Candle | undefined,
): Promise<Candle[]> {
  // Equality deletes are ignored here: the deleted row was committed before, so it may be sent, and its correction follows.
  const rows = await readCandles(store, withoutEqualityDeletes(file))
  return rows.filter(row => isUnsent(row, mark) && (!limit || bySendingOrder(row, limit) < 0))
}
