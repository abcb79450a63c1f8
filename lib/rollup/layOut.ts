import type { LiveFile } from '../iceberg/dataFile.ts'
import { type Candle, candleId } from '../market/candle.ts'
import { type FileWithRows, isSmall, mayBeOpen, monthOf, SMALL_FILE_ROWS } from './storedCandles.ts'

/** Which files take the place of which; each list of rows is one new file. */
export interface Layout {
  readonly remove: readonly LiveFile[]
  readonly write: readonly (readonly Candle[])[]
}

/** A late tick rewrites a file as large as this, and no larger one. */
export const SETTLED_FILE_ROWS = 50_000

/**
 * Lays changed candles out in files. In each partition that changes, what is new joins the small files and those with
 * open candles: the part of the table that is rewritten every minute. Once it has grown, its closed candles
 * settle in files of their own, which are then left alone until a late tick changes one of their rows; so do open ones,
 * when so many wait to be closed that they fill a file.
 */
export function layOut(stored: readonly FileWithRows[], changed: readonly Candle[]): Layout {
  const remove: LiveFile[] = []
  const write: (readonly Candle[])[] = []
  const storedByPartition = Map.groupBy(stored, ({ file }) =>
    partitionKey(String(file.partition.timeframe), Number(file.partition.date_time_month)),
  )
  const changedByPartition = Map.groupBy(changed, c => partitionKey(c.timeframe, monthOf(c.dateTimeUs)))
  for (const [partition, candles] of changedByPartition) {
    const fresh = new Map(candles.map(candle => [candleId(candle), candle]))
    const loose: Candle[] = []
    for (const { file, rows } of storedByPartition.get(partition) ?? []) {
      const { rows: newRows, changes } = substitute(rows, fresh)
      if (isSmall(file) || (mayBeOpen(file) && file.recordCount < SETTLED_FILE_ROWS)) {
        remove.push(file)
        loose.push(...newRows)
      } else if (changes) {
        remove.push(file)
        write.push(newRows)
      }
    }
    write.push(...settle([...loose, ...fresh.values()]))
  }
  return { remove, write: write.filter(rows => rows.length > 0).map(inOrder) }
}

/** The rows with changed ones in their places; those are taken out of `fresh`. */
function substitute(rows: readonly Candle[], fresh: Map<string, Candle>) {
  let changes = false
  const newRows = rows.map(row => {
    const id = candleId(row)
    const candle = fresh.get(id)
    if (candle === undefined) return row
    fresh.delete(id)
    changes = true
    return candle
  })
  return { rows: newRows, changes }
}

/** Only a small file mixes open candles with closed ones: of a larger one, its bounds tell when the first is due. */
function settle(rows: readonly Candle[]): Candle[][] {
  if (rows.length < SMALL_FILE_ROWS) return [[...rows]]
  const open = rows.filter(row => !row.closed)
  const closed = rows.filter(row => row.closed)
  return [...inFiles(open), ...inFiles(closed)]
}

function inFiles(rows: readonly Candle[]): Candle[][] {
  const sorted = inOrder(rows)
  const count = Math.ceil(rows.length / SETTLED_FILE_ROWS)
  return Array.from({ length: count }, (_, i) =>
    sorted.slice(i * SETTLED_FILE_ROWS, (i + 1) * SETTLED_FILE_ROWS),
  )
}

/** By time first: bounds of `date_time` are what files are found by. */
function inOrder(rows: readonly Candle[]): Candle[] {
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return rows.toSorted(
    (a, b) => a.dateTimeUs - b.dateTimeUs || text(a.source, b.source) || text(a.symbol, b.symbol),
  )
}

function partitionKey(timeframe: string, month: number): string {
  return `${timeframe}/${month}`
}
