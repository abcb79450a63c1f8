import type { TypedRows } from '../iceberg/rowGroups.ts'
import type { Candle, SeriesKey } from '../market/candle.ts'
import type { CandleStretch } from './candleArchive.ts'

/** Estimates of the memory that a row's columns take, and the index entry of a series. */
const BYTES_PER_ROW = 69
const BYTES_PER_SERIES = 150

/** The candles of one file or row group, as columns, with an index by series. Rows may lie in any order. */
export class CandleBlock {
  /** An estimate of the memory that it takes. */
  readonly bytes: number
  readonly #columns: Columns
  readonly #index: SeriesIndex
  /** Row numbers sorted by series, then by time. */
  readonly #order: Uint32Array
  /** The places in `#order` at which the rows of each series begin, and the end of the last one's. */
  readonly #starts: Uint32Array

  /** `rows` has the columns of `CANDLES_SCHEMA`. Leaves out deleted rows, and rows with a null in their key. */
  constructor(rows: TypedRows) {
    this.#columns = columnsOf(rows)
    const { index, seriesOfRow } = findSeries(rows)
    this.#index = index
    this.#starts = startsOf(index.counts)
    this.#order = inOrder(seriesOfRow, this.#starts, this.#columns.dateTimeUs)
    this.bytes = rows.rowCount * BYTES_PER_ROW + index.counts.length * BYTES_PER_SERIES
  }

  /** At most `limit` candles of the stretch, newest first. */
  newest(stretch: CandleStretch, limit: number): Candle[] {
    const { fromUs, toUs } = stretch
    const series = this.#index.numberOf(stretch)
    if (series === undefined) return []
    const { dateTimeUs } = this.#columns
    const found: Candle[] = []
    const first = this.#starts[series]!
    for (let at = this.#firstFrom(series, toUs) - 1; at >= first && found.length < limit; at--) {
      const row = this.#order[at]!
      if (dateTimeUs[row]! < fromUs) break
      found.push(candleAt(this.#columns, row, stretch))
    }
    return found
  }

  /** The place in `#order` of the first row of the series that begins at or after the moment. */
  #firstFrom(series: number, timeUs: number): number {
    let low = this.#starts[series]!
    let high = this.#starts[series + 1]!
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#columns.dateTimeUs[this.#order[middle]!]! < timeUs) low = middle + 1
      else high = middle
    }
    return low
  }
}

interface Columns {
  readonly dateTimeUs: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
  readonly closed: Uint8Array
  readonly revision: Int32Array
  readonly updatedAtUs: Float64Array
}

function columnsOf({ columns }: TypedRows): Columns {
  const doubles = (name: string) => columns[name] as Float64Array
  return {
    dateTimeUs: doubles('date_time'),
    open: doubles('open'),
    high: doubles('high'),
    low: doubles('low'),
    close: doubles('close'),
    volume: doubles('volume'),
    closed: columns.closed as Uint8Array,
    revision: columns.revision as Int32Array,
    updatedAtUs: doubles('updated_at'),
  }
}

function candleAt(columns: Columns, row: number, { source, symbol, timeframe }: CandleStretch): Candle {
  return {
    source,
    symbol,
    timeframe,
    dateTimeUs: columns.dateTimeUs[row]!,
    open: columns.open[row]!,
    high: columns.high[row]!,
    low: columns.low[row]!,
    close: columns.close[row]!,
    volume: columns.volume[row]!,
    closed: columns.closed[row] === 1,
    revision: columns.revision[row]!,
    updatedAtUs: columns.updatedAtUs[row]!,
  }
}

const NO_SERIES = -1

/** Numbers the series from 0, and counts the rows of each. */
function findSeries({ columns, rowCount, deleted }: TypedRows) {
  const names = (name: string) => columns[name] as readonly (string | null)[]
  const [timeframes, sources, symbols] = [names('timeframe'), names('source'), names('symbol')]
  const dateTimeUs = columns.date_time as Float64Array
  const index = new SeriesIndex()
  const seriesOfRow = new Int32Array(rowCount).fill(NO_SERIES)
  for (let row = 0; row < rowCount; row++) {
    const [timeframe, source, symbol] = [timeframes[row]!, sources[row]!, symbols[row]!]
    const isNamed = timeframe !== null && source !== null && symbol !== null
    if (!isNamed || deleted?.[row] === 1 || Number.isNaN(dateTimeUs[row])) continue
    seriesOfRow[row] = index.count(timeframe, source, symbol)
  }
  return { index, seriesOfRow }
}

/** Numbers of series by their keys, and the count of rows of each. */
class SeriesIndex {
  readonly #numbers = new Map<string, Map<string, Map<string, number>>>()
  readonly counts: number[] = []
  /** The timeframe and source of the row before, which most rows share, and the map of its symbols. */
  #timeframe: string | undefined
  #source: string | undefined
  #bySymbol = new Map<string, number>()

  /** Counts one row more of a series, and returns the number of the series. */
  count(timeframe: string, source: string, symbol: string): number {
    if (timeframe !== this.#timeframe || source !== this.#source) {
      this.#bySymbol = mapIn(mapIn(this.#numbers, timeframe), source)
      this.#timeframe = timeframe
      this.#source = source
    }
    let series = this.#bySymbol.get(symbol)
    if (series === undefined) {
      series = this.counts.push(0) - 1
      this.#bySymbol.set(symbol, series)
    }
    this.counts[series]!++
    return series
  }

  numberOf({ timeframe, source, symbol }: SeriesKey): number | undefined {
    return this.#numbers.get(timeframe)?.get(source)?.get(symbol)
  }
}

function mapIn<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const known = maps.get(key) ?? new Map<string, Value>()
  maps.set(key, known)
  return known
}

function startsOf(counts: readonly number[]): Uint32Array {
  const starts = new Uint32Array(counts.length + 1)
  for (const [series, count] of counts.entries()) starts[series + 1] = starts[series]! + count
  return starts
}

function inOrder(seriesOfRow: Int32Array, starts: Uint32Array, dateTimeUs: Float64Array): Uint32Array {
  const order = new Uint32Array(starts.at(-1)!)
  const next = starts.slice()
  for (let row = 0; row < seriesOfRow.length; row++) {
    const series = seriesOfRow[row]!
    if (series !== NO_SERIES) order[next[series]!++] = row
  }
  for (let series = 0; series + 1 < starts.length; series++) {
    const rows = order.subarray(starts[series], starts[series + 1])
    if (!isAscending(rows, dateTimeUs)) rows.sort((a, b) => dateTimeUs[a]! - dateTimeUs[b]!)
  }
  return order
}

function isAscending(rows: Uint32Array, dateTimeUs: Float64Array): boolean {
  for (let i = 1; i < rows.length; i++) if (dateTimeUs[rows[i]!]! < dateTimeUs[rows[i - 1]!]!) return false
  return true
}
