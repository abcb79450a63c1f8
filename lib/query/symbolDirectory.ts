import { versionOf } from '../iceberg/deletes/deletedRows.ts'
import { ParsedFiles } from '../iceberg/parsedFiles.ts'
import { readWhole, type TypedRows } from '../iceberg/rowGroups.ts'
import { compareText } from '../iceberg/text.ts'
import { mapBounded } from '../mapBounded.ts'
import type { SymbolOfSource } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import { bucketEnd, bucketStart, timeframeOf } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import { CANDLES_SCHEMA } from '../tables/candlesSchema.ts'
import type { SymbolMonths } from './candleArchive.ts'
import type { Split } from './candleSplits.ts'

/** The coarsest timeframe: a symbol with candles in a month has an M1 candle of that month. */
export const MONTHLY = 'M1'
const MONTH = timeframeOf(MONTHLY)

const NAMES = ['source', 'symbol', 'timeframe', 'date_time']
const SCHEMA = { ...CANDLES_SCHEMA, fields: CANDLES_SCHEMA.fields.filter(({ name }) => NAMES.includes(name)) }

/** Monthly candles of one file: the numbers of their symbols, and the starts of their months. */
interface MonthlyRows {
  readonly symbols: Int32Array
  readonly monthsUs: Float64Array
}

/** The most monthly candles that one process keeps, 12 bytes each. */
const MAX_ROWS = 4_000_000

const FILES_AT_ONCE = 8

/** The symbols that have candles, and the months in which they have them, from the files of monthly candles; each is read once. */
export class SymbolDirectory {
  readonly #store: ObjectStore
  readonly #files = new ParsedFiles<MonthlyRows>(MAX_ROWS, ({ symbols }) => symbols.length + 1)
  /** All symbols ever read. A symbol's place here is its number in `MonthlyRows`. */
  readonly #names: SymbolOfSource[] = []
  readonly #numbers = new Map<string, Map<string, number>>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  /** All symbols that have monthly candles in the splits, sorted by source and symbol. */
  async symbols(splits: readonly Split[]): Promise<SymbolMonths[]> {
    const files = await this.#read(splits)
    const first = new Float64Array(this.#names.length).fill(Number.POSITIVE_INFINITY)
    const last = new Float64Array(this.#names.length).fill(Number.NEGATIVE_INFINITY)
    for (const { symbols, monthsUs } of files) {
      for (const [row, symbol] of symbols.entries()) {
        first[symbol] = Math.min(first[symbol]!, monthsUs[row]!)
        last[symbol] = Math.max(last[symbol]!, monthsUs[row]!)
      }
    }
    return this.#names
      .map((name, i) => ({ ...name, firstMonthUs: first[i]!, lastMonthUs: last[i]! }))
      .filter(({ firstMonthUs }) => Number.isFinite(firstMonthUs))
      .toSorted((a, b) => compareText(a.source, b.source) || compareText(a.symbol, b.symbol))
  }

  /** The months in which the symbol has a monthly candle in the splits, in no order. */
  async monthsOf({ source, symbol }: SymbolOfSource, splits: readonly Split[]): Promise<TimeRange[]> {
    const files = await this.#read(splits)
    const number = this.#numbers.get(source)?.get(symbol)
    const months = new Set<Micros>()
    for (const { symbols, monthsUs } of files) {
      for (const [row, one] of symbols.entries()) if (one === number) months.add(monthsUs[row]!)
    }
    return [...months].map(fromUs => ({ fromUs, toUs: bucketEnd(MONTH, fromUs) }))
  }

  #read(splits: readonly Split[]): Promise<MonthlyRows[]> {
    return mapBounded(splits, FILES_AT_ONCE, ({ file }) =>
      this.#files.getOr(versionOf(file), async () =>
        this.#monthlyRows(await readWhole(this.#store, file, SCHEMA)),
      ),
    )
  }

  #monthlyRows({ columns, rowCount, deleted }: TypedRows): MonthlyRows {
    const names = (name: string) => columns[name] as readonly (string | null)[]
    const [timeframe, source, symbol] = [names('timeframe'), names('source'), names('symbol')]
    const dateTimeUs = columns.date_time as Float64Array
    const symbols: number[] = []
    const monthsUs: Micros[] = []
    for (let row = 0; row < rowCount; row++) {
      const isNamed = source[row] !== null && symbol[row] !== null && !Number.isNaN(dateTimeUs[row])
      if (timeframe[row] !== MONTHLY || !isNamed || deleted?.[row] === 1) continue
      symbols.push(this.#numberOf(source[row]!, symbol[row]!))
      monthsUs.push(bucketStart(MONTH, dateTimeUs[row]!))
    }
    return { symbols: Int32Array.from(symbols), monthsUs: Float64Array.from(monthsUs) }
  }

  #numberOf(source: string, symbol: string): number {
    const ofSource = this.#numbers.get(source) ?? new Map<string, number>()
    this.#numbers.set(source, ofSource)
    const known = ofSource.get(symbol)
    if (known !== undefined) return known
    const number = this.#names.push({ source, symbol }) - 1
    ofSource.set(symbol, number)
    return number
  }
}
