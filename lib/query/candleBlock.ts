import type { TypedRows } from '../iceberg/rowGroups.ts'
import type { Candle, CandleKey } from '../market/candle.ts'
import type { CandleStretch } from './candleArchive.ts'

/** What the columns of a candle take in a block, and an owner in its index, about. */
const BYTES_PER_ROW = 69
const BYTES_PER_OWNER = 150

/**
 * Candles of one file or row group, as columns, whatever order its rows have. They are found by their owner: timeframe, source
 * and symbol.
 */
export class CandleBlock {
  /** About what it takes in memory. */
  readonly bytes: number
  readonly #columns: Columns
  readonly #owners: Owners
  /** Rows by owner, those of one owner by time. */
  readonly #order: Uint32Array
  /** Where the rows of each owner begin in `#order`, and where those of the last one end. */
  readonly #starts: Uint32Array

  /** `rows` has the columns of `CANDLES_SCHEMA`. Deleted rows are left out, and those without a name or time. */
  constructor(rows: TypedRows) {
    this.#columns = columnsOf(rows)
    const { owners, ownerOfRow } = findOwners(rows)
    this.#owners = owners
    this.#starts = startsOf(owners.counts)
    this.#order = inOrder(ownerOfRow, this.#starts, this.#columns.dateTimeUs)
    this.bytes = rows.rowCount * BYTES_PER_ROW + owners.counts.length * BYTES_PER_OWNER
  }

  /** At most `limit` candles of the stretch, newest first. */
  newest(stretch: CandleStretch, limit: number): Candle[] {
    const { fromUs, toUs } = stretch
    const owner = this.#owners.numberOf(stretch)
    if (owner === undefined) return []
    const { dateTimeUs } = this.#columns
    const found: Candle[] = []
    const first = this.#starts[owner]!
    for (let at = this.#firstFrom(owner, toUs) - 1; at >= first && found.length < limit; at--) {
      const row = this.#order[at]!
      if (dateTimeUs[row]! < fromUs) break
      found.push(candleAt(this.#columns, row, stretch))
    }
    return found
  }

  /** The place in `#order` of the owner's first row that does not begin before the moment. */
  #firstFrom(owner: number, timeUs: number): number {
    let low = this.#starts[owner]!
    let high = this.#starts[owner + 1]!
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

const NOBODY = -1

/** Numbers the owners of rows from 0, and counts the rows of each. */
function findOwners({ columns, rowCount, deleted }: TypedRows) {
  const names = (name: string) => columns[name] as readonly (string | null)[]
  const [timeframes, sources, symbols] = [names('timeframe'), names('source'), names('symbol')]
  const dateTimeUs = columns.date_time as Float64Array
  const owners = new Owners()
  const ownerOfRow = new Int32Array(rowCount).fill(NOBODY)
  for (let row = 0; row < rowCount; row++) {
    const [timeframe, source, symbol] = [timeframes[row]!, sources[row]!, symbols[row]!]
    const isNamed = timeframe !== null && source !== null && symbol !== null
    if (!isNamed || deleted?.[row] === 1 || Number.isNaN(dateTimeUs[row])) continue
    ownerOfRow[row] = owners.count(timeframe, source, symbol)
  }
  return { owners, ownerOfRow }
}

/** Owners by their names, and how many rows each of them has. */
class Owners {
  readonly #numbers = new Map<string, Map<string, Map<string, number>>>()
  readonly counts: number[] = []
  /** Most rows have the timeframe and the source of the row before. */
  #timeframe: string | undefined
  #source: string | undefined
  #bySymbol = new Map<string, number>()

  /** The number of an owner, who has one row more. */
  count(timeframe: string, source: string, symbol: string): number {
    if (timeframe !== this.#timeframe || source !== this.#source) {
      this.#bySymbol = mapIn(mapIn(this.#numbers, timeframe), source)
      this.#timeframe = timeframe
      this.#source = source
    }
    let owner = this.#bySymbol.get(symbol)
    if (owner === undefined) {
      owner = this.counts.push(0) - 1
      this.#bySymbol.set(symbol, owner)
    }
    this.counts[owner]!++
    return owner
  }

  numberOf({ timeframe, source, symbol }: Omit<CandleKey, 'dateTimeUs'>): number | undefined {
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
  for (const [owner, count] of counts.entries()) starts[owner + 1] = starts[owner]! + count
  return starts
}

function inOrder(ownerOfRow: Int32Array, starts: Uint32Array, dateTimeUs: Float64Array): Uint32Array {
  const order = new Uint32Array(starts.at(-1)!)
  const next = starts.slice()
  for (let row = 0; row < ownerOfRow.length; row++) {
    const owner = ownerOfRow[row]!
    if (owner !== NOBODY) order[next[owner]!++] = row
  }
  for (let owner = 0; owner + 1 < starts.length; owner++) {
    const rows = order.subarray(starts[owner], starts[owner + 1])
    if (!isAscending(rows, dateTimeUs)) rows.sort((a, b) => dateTimeUs[a]! - dateTimeUs[b]!)
  }
  return order
}

function isAscending(rows: Uint32Array, dateTimeUs: Float64Array): boolean {
  for (let i = 1; i < rows.length; i++) if (dateTimeUs[rows[i]!]! < dateTimeUs[rows[i - 1]!]!) return false
  return true
}
