import type { LiveFile } from '../iceberg/dataFile.ts'
import { type Candle, type CandleKey, candleId } from '../market/candle.ts'
import type { Decided } from '../market/decide.ts'
import { MONTHS } from './places.ts'
import { type FileWithRows, isSmall, mayBeOpen, SMALL_FILE_ROWS } from './storedCandles.ts'

/** Files to remove, and the rows to write in their place. */
export interface Layout {
  readonly remove: readonly LiveFile[]
  /** Each list is one new file. */
  readonly write: readonly (readonly Candle[])[]
  /** Those of the files to remove that are rewritten one by one, each as a new file with its rows in their order. */
  readonly rewrite: readonly LiveFile[]
  /** The new rows of such a file. */
  rewritten(rows: readonly Candle[]): Candle[]
}

/** A late tick rewrites a file as large as this, and no larger one. */
export const SETTLED_FILE_ROWS = 50_000

/**
 * Lays changed candles out in files. In each place that changes, new rows join the small files and those with open candles: this
 * part of the table is rewritten every minute. Once it is large, its closed candles get files of their own, which stay until a
 * late tick changes one of their rows. Open candles get their own files too when enough of them wait to be closed.
 */
export function layOut(stored: readonly FileWithRows[], { rows, gone }: Decided, places = MONTHS): Layout {
  const remove: LiveFile[] = []
  const rewrite: LiveFile[] = []
  const loose = new Map([...rows, ...gone].map(row => [places.of(row), [] as Candle[]]))
  const change = new Change(rows, gone)
  for (const each of stored) {
    const { file } = each
    const place = places.ofFile(file)
    if (place === undefined ? !each.rows.some(row => loose.has(places.of(row))) : !loose.has(place)) continue
    const { rows: newRows, isChanged } = change.apply(each.rows)
    if (isSmall(file) || (mayBeOpen(file) && file.recordCount < SETTLED_FILE_ROWS)) {
      remove.push(file)
      for (const row of newRows) pushTo(loose, place ?? places.of(row), row)
    } else if (isChanged) {
      remove.push(file)
      rewrite.push(file)
    }
  }
  for (const row of change.rest()) pushTo(loose, places.of(row), row)
  const write = [...loose.values()].flatMap(settle).filter(rows => rows.length > 0)
  return { remove, write: write.map(inOrder), rewrite, rewritten: rows => change.apply(rows).rows }
}

function pushTo(loose: Map<string, Candle[]>, place: string, row: Candle): void {
  const rows = loose.get(place)
  if (rows === undefined) loose.set(place, [row])
  else rows.push(row)
}

/** Changed rows, to be applied file by file; `rest` gives those that no stored file had. */
class Change {
  /** By bucket start, then by id: most rows of a file are told apart from these by their time alone. */
  readonly #rows: ReadonlyMap<number, ReadonlyMap<string, Candle | undefined>>
  readonly #found = new Set<Candle>()

  constructor(written: readonly Candle[], gone: readonly CandleKey[]) {
    const rows = new Map<number, Map<string, Candle | undefined>>()
    const at = (timeUs: number) => {
      const known = rows.get(timeUs) ?? new Map<string, Candle | undefined>()
      rows.set(timeUs, known)
      return known
    }
    for (const key of gone) at(key.dateTimeUs).set(candleId(key), undefined)
    for (const row of written) at(row.dateTimeUs).set(candleId(row), row)
    this.#rows = rows
  }

  /** The rows with changed ones in their places, and without those that are gone. */
  apply(stored: readonly Candle[]): { readonly rows: Candle[]; readonly isChanged: boolean } {
    let isChanged = false
    const rows: Candle[] = []
    for (const row of stored) {
      const atTime = this.#rows.get(row.dateTimeUs)
      const id = atTime && candleId(row)
      if (id === undefined || !atTime?.has(id)) {
        rows.push(row)
        continue
      }
      isChanged = true
      const written = atTime.get(id)
      if (written === undefined) continue
      this.#found.add(written)
      rows.push(written)
    }
    return { rows, isChanged }
  }

  /** Changed rows that no stored file had. */
  rest(): Candle[] {
    const written = [...this.#rows.values()].flatMap(atTime =>
      [...atTime.values()].filter(row => row !== undefined),
    )
    return written.filter(row => !this.#found.has(row))
  }
}

/** Only a small file mixes open and closed candles: the bounds of a larger one then say when its first candle is due. */
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
