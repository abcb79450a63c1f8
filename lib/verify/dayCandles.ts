import type { LiveFile } from '../iceberg/dataFile.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import type { Candle } from '../market/candle.ts'
import type { ObjectStore } from '../ports.ts'
import { readCandles } from '../rollup/storedCandles.ts'
import { rowTimeframesOf, startsOf } from '../tables/candleFiles.ts'
import { DAY_US } from './calendar.ts'
import { isInShare, type Share } from './share.ts'

/** A data file of candles, and which days it may hold. */
export interface CandleFile {
  readonly file: LiveFile
  /** Of its rows, those of removed candles too. */
  readonly timeframes: readonly string[]
  readonly rows: number
  readonly firstDay: number
  readonly lastDay: number
}

/** Whole days since 1970-01-01, both included; infinite where there is no end. */
export interface Days {
  readonly first: number
  readonly last: number
}

/** The files of a candles table that may hold buckets which begin within the days. */
export async function candleFiles(store: ObjectStore, table: Table, days: Days): Promise<CandleFile[]> {
  const found: CandleFile[] = []
  for await (const files of scanFiles(store, table)) {
    found.push(...files.map(candleFile).filter(file => overlaps(file, days)))
  }
  return found
}

/** True when the file may hold buckets that begin within the days. */
export function overlaps(file: CandleFile, { first, last }: Days): boolean {
  return file.firstDay <= last && file.lastDay >= first
}

function candleFile(file: LiveFile): CandleFile {
  const { fromUs, toUs } = startsOf(file)
  return {
    file,
    timeframes: rowTimeframesOf(file),
    rows: file.recordCount,
    firstDay: dayOf(fromUs),
    lastDay: dayOf(toUs),
  }
}

/** The day that holds a moment. */
export function dayOf(timeUs: number): number {
  return Math.floor(timeUs / DAY_US)
}

/** Hands out candles day by day, in the order of days: each file is read once, when the first of its days comes. */
export class CandlesByDay {
  readonly #store: ObjectStore
  readonly #share: Share
  readonly #waiting: CandleFile[]
  readonly #days = new Map<number, Candle[]>()

  constructor(store: ObjectStore, share: Share, files: readonly CandleFile[]) {
    this.#store = store
    this.#share = share
    this.#waiting = files.toSorted((a, b) => a.firstDay - b.firstDay)
  }

  /** The candles whose buckets begin on the day. */
  async take(day: number): Promise<readonly Candle[]> {
    while (this.#waiting[0] !== undefined && this.#waiting[0].firstDay <= day) {
      await this.#read(this.#waiting.shift()!, day)
    }
    const candles = this.#days.get(day) ?? []
    this.#days.delete(day)
    return candles
  }

  async #read({ file }: CandleFile, fromDay: number): Promise<void> {
    for (const candle of await readCandles(this.#store, file)) {
      const day = dayOf(candle.dateTimeUs)
      if (day < fromDay || !isInShare(this.#share, candle.source, candle.symbol)) continue
      const ofDay = this.#days.get(day)
      if (ofDay === undefined) this.#days.set(day, [candle])
      else ofDay.push(candle)
    }
  }
}
