import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { encodeDataFile } from '../../lib/iceberg/write.ts'
import { MOST_BUCKETS } from '../../lib/maintain/candleStretches.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { DAY_US, type Micros } from '../../lib/market/time.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { layOut, SETTLED_FILE_ROWS } from '../../lib/rollup/layOut.ts'
import { monthOf } from '../../lib/rollup/storedCandles.ts'
import { CANDLE_ROW_GROUP_ROWS, candleColumns } from '../../lib/tables/candlesTable.ts'

/** A week's candle may come so much later than its month's last day. */
const WEEK_US = 7 * DAY_US
/** The number of files of many symbols that `maintain` clusters together. */
const STRETCH_ROWS = 10 * SETTLED_FILE_ROWS

/** Candles that wait for their file, those of one partition. */
interface Waiting {
  readonly month: number
  rows: Candle[]
  /** The number of rows that are clustered together. */
  together: number
}

/** Gathers candles and writes them in files as rollup and `maintain` leave them: full ones, and what is over as rollup lays it out. */
export class CandleFiles {
  readonly #store: ObjectStore
  readonly #table: Table
  readonly #waiting = new Map<string, Waiting>()

  constructor(store: ObjectStore, table: Table) {
    this.#store = store
    this.#table = table
  }

  add(candles: readonly Candle[]): void {
    for (const candle of candles) {
      const month = monthOf(candle.dateTimeUs)
      const key = `${candle.timeframe}/${month}`
      const known = this.#waiting.get(key)
      if (known) known.rows.push(candle)
      else this.#waiting.set(key, { month, rows: [candle], together: SETTLED_FILE_ROWS })
    }
  }

  /** Writes what is complete once all candles that end by this moment were added: months, and full files. */
  async writeUntil(timeUs: Micros): Promise<DataFile[]> {
    const written: DataFile[] = []
    for (const [key, waiting] of this.#waiting) {
      const isOver = waiting.month < monthOf(timeUs - WEEK_US)
      if (waiting.rows.length > waiting.together) {
        if (isOfMany(waiting.rows)) waiting.together = STRETCH_ROWS
        const { parts, rest } = cut(waiting.rows, waiting.together)
        for (const part of parts) written.push(...(await this.#writeBySymbol(part)))
        waiting.rows = rest
      }
      if (!isOver) continue
      const isStretch = waiting.together === STRETCH_ROWS && waiting.rows.every(({ closed }) => closed)
      const last = isStretch ? this.#writeBySymbol(waiting.rows) : this.#writeRest(waiting.rows)
      written.push(...(await last))
      this.#waiting.delete(key)
    }
    return written
  }

  /** Writes all that is left. */
  async end(): Promise<DataFile[]> {
    const written: DataFile[] = []
    for (const { rows } of this.#waiting.values()) written.push(...(await this.#writeRest(rows)))
    this.#waiting.clear()
    return written
  }

  /** Closed candles, sorted by symbol, in files of the same size. */
  async #writeBySymbol(rows: readonly Candle[]): Promise<DataFile[]> {
    const sorted = rows.toSorted(
      (a, b) => compare(a.source, b.source) || compare(a.symbol, b.symbol) || a.dateTimeUs - b.dateTimeUs,
    )
    const count = Math.ceil(rows.length / SETTLED_FILE_ROWS)
    const files: DataFile[] = []
    for (let i = 0; i < count; i++) {
      const [from, to] = [i, i + 1].map(part => Math.round((part * rows.length) / count))
      files.push(await this.#write(sorted.slice(from, to)))
    }
    return files
  }

  /** Full files that wait for the rest of their stretch, and files as rollup leaves them. */
  async #writeRest(rows: readonly Candle[]): Promise<DataFile[]> {
    const { parts, rest } = cut(
      rows.filter(({ closed }) => closed),
      SETTLED_FILE_ROWS,
    )
    const files: DataFile[] = []
    for (const full of parts) files.push(...(await this.#writeBySymbol(full)))
    const others = [...rest, ...rows.filter(({ closed }) => !closed)]
    for (const some of layOut([], { rows: others, gone: [] }).write) files.push(await this.#write(some))
    return files
  }

  async #write(rows: readonly Candle[]): Promise<DataFile> {
    const { file, bytes } = encodeDataFile(
      this.#table,
      candleColumns(rows),
      rows.length,
      CANDLE_ROW_GROUP_ROWS,
    )
    await this.#store.write(file.path, bytes)
    return file
  }
}

/** Cuts rows into parts of `together` rows in the order of time. `rest`, the last part, may have fewer. */
function cut(rows: readonly Candle[], together: number) {
  // Rows of one moment keep the order of their symbols, in which they were added.
  const sorted = rows.length > together ? rows.toSorted((a, b) => a.dateTimeUs - b.dateTimeUs) : [...rows]
  const parts: Candle[][] = []
  let from = 0
  for (; sorted.length - from > together; from += together) parts.push(sorted.slice(from, from + together))
  return { parts, rest: sorted.slice(from) }
}

/** True for candles whose files `maintain` clusters. */
function isOfMany(rows: readonly Candle[]): boolean {
  return new Set(rows.slice(0, SETTLED_FILE_ROWS).map(({ dateTimeUs }) => dateTimeUs)).size < MOST_BUCKETS
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
