import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { DAY_US, type Micros } from '../../lib/market/time.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { layOut, SETTLED_FILE_ROWS } from '../../lib/rollup/layOut.ts'
import { monthOf } from '../../lib/rollup/storedCandles.ts'
import { candleColumns } from '../../lib/tables/candlesTable.ts'

/** A week's candle may come so much later than its month's last day. */
const WEEK_US = 7 * DAY_US

/** Candles that wait for their file, those of one partition. */
interface Waiting {
  readonly month: number
  rows: Candle[]
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
      else this.#waiting.set(key, { month, rows: [candle] })
    }
  }

  /** Writes what is complete once all candles that end by this moment were added: months, and full files. */
  async writeUntil(timeUs: Micros): Promise<DataFile[]> {
    const written: DataFile[] = []
    for (const [key, waiting] of this.#waiting) {
      if (waiting.month < monthOf(timeUs - WEEK_US)) {
        written.push(...(await this.#writeRest(waiting.rows)))
        this.#waiting.delete(key)
      } else if (waiting.rows.length > SETTLED_FILE_ROWS) written.push(...(await this.#writeFull(waiting)))
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

  async #writeFull(waiting: Waiting): Promise<DataFile[]> {
    const written: DataFile[] = []
    // Those of one moment were added in the order of their symbols.
    const sorted = waiting.rows.sort((a, b) => a.dateTimeUs - b.dateTimeUs)
    let from = 0
    for (; sorted.length - from > SETTLED_FILE_ROWS; from += SETTLED_FILE_ROWS) {
      written.push(await this.#write(sorted.slice(from, from + SETTLED_FILE_ROWS)))
    }
    waiting.rows = sorted.slice(from)
    return written
  }

  async #writeRest(rows: readonly Candle[]): Promise<DataFile[]> {
    const files: DataFile[] = []
    for (const some of layOut([], { rows, gone: [] }).write) files.push(await this.#write(some))
    return files
  }

  #write(rows: readonly Candle[]): Promise<DataFile> {
    return writeDataFile(this.#store, this.#table, candleColumns(rows), rows.length)
  }
}
