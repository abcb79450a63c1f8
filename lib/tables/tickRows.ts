import type { Columns, ColumnValue } from '../iceberg/schema.ts'
import type { Tick } from '../market/tick.ts'
import { dayOf, type Micros } from '../market/time.ts'
import type { KafkaRecord } from '../ports.ts'

/** As `isTradable` is kept here. */
const FLAGS = [null, false, true]

/**
 * Good ticks with their places, in columns. As objects, ten thousand of them would cost the garbage collector more than all
 * else that is done to them.
 */
export class TickRows {
  readonly #source: string[] = []
  readonly #symbol: string[] = []
  readonly #ask: Float64Array
  readonly #bid: Float64Array
  readonly #mid: Float64Array
  /** Here and below, NaN stands for none: no tick has it. */
  readonly #askMarkup: Float64Array
  readonly #bidMarkup: Float64Array
  readonly #isTradable: Uint8Array
  readonly #number: Float64Array
  /** The numbers that are not exact as doubles, by their rows. */
  readonly #bigNumber = new Map<number, bigint>()
  readonly #dateTimeUs: Float64Array
  readonly #receiveDateTimeUs: Float64Array
  readonly #extra = new Map<number, string>()
  readonly #partition: Int32Array
  readonly #offset: Float64Array
  readonly #timestampUs: Float64Array

  constructor(capacity: number) {
    const numbers = () => new Float64Array(capacity)
    this.#ask = numbers()
    this.#bid = numbers()
    this.#mid = numbers()
    this.#askMarkup = numbers()
    this.#bidMarkup = numbers()
    this.#isTradable = new Uint8Array(capacity)
    this.#number = numbers()
    this.#dateTimeUs = numbers()
    this.#receiveDateTimeUs = numbers()
    this.#partition = new Int32Array(capacity)
    this.#offset = numbers()
    this.#timestampUs = numbers()
  }

  /** Adds the tick of a record, and gives its row. */
  add(tick: Tick, partition: number, { offset, timestampMs }: KafkaRecord): number {
    const row = this.#source.length
    this.#source.push(tick.source)
    this.#symbol.push(tick.symbol)
    this.#ask[row] = tick.ask
    this.#bid[row] = tick.bid
    this.#mid[row] = tick.mid
    this.#askMarkup[row] = tick.askMarkup ?? Number.NaN
    this.#bidMarkup[row] = tick.bidMarkup ?? Number.NaN
    this.#isTradable[row] = FLAGS.indexOf(tick.isTradable)
    this.#number[row] = Number(tick.number)
    if (typeof tick.number === 'bigint') this.#bigNumber.set(row, tick.number)
    this.#dateTimeUs[row] = tick.dateTimeUs
    this.#receiveDateTimeUs[row] = tick.receiveDateTimeUs ?? Number.NaN
    if (tick.extra !== null) this.#extra.set(row, tick.extra)
    this.#partition[row] = partition
    this.#offset[row] = offset
    this.#timestampUs[row] = timestampMs * 1000
    return row
  }

  dateTimeUs(row: number): Micros {
    return this.#dateTimeUs[row]!
  }

  timestampMs(row: number): number {
    return this.#timestampUs[row]! / 1000
  }

  /** The day of `date_time`, which is the table's partition. */
  day(row: number): number {
    return dayOf(this.dateTimeUs(row))
  }

  /** Some of the rows in the table's columns and types. */
  columns(rows: readonly number[], epoch: number): Columns {
    const numbers = (values: Float64Array | Int32Array) => pick(values, rows)
    const column = (value: (row: number) => ColumnValue) => rows.map(value)
    return {
      source: column(row => this.#source[row]!),
      symbol: column(row => this.#symbol[row]!),
      ask: numbers(this.#ask),
      bid: numbers(this.#bid),
      mid: numbers(this.#mid),
      ask_markup: nullWhereNaN(numbers(this.#askMarkup)),
      bid_markup: nullWhereNaN(numbers(this.#bidMarkup)),
      is_tradable: column(row => FLAGS[this.#isTradable[row]!]!),
      number:
        this.#bigNumber.size === 0
          ? numbers(this.#number)
          : column(row => this.#bigNumber.get(row) ?? this.#number[row]!),
      date_time: numbers(this.#dateTimeUs),
      receive_date_time: nullWhereNaN(numbers(this.#receiveDateTimeUs)),
      extra: column(row => this.#extra.get(row) ?? null),
      kafka_epoch: new Float64Array(rows.length).fill(epoch),
      kafka_partition: numbers(this.#partition),
      kafka_offset: numbers(this.#offset),
      kafka_timestamp: numbers(this.#timestampUs),
    }
  }
}

function pick(values: Float64Array | Int32Array, rows: readonly number[]): Float64Array {
  const picked = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!
  return picked
}

/** The typed array itself where there is a value in each row: that is read fastest. */
function nullWhereNaN(values: Float64Array): ArrayLike<number | null> {
  return values.some(Number.isNaN)
    ? Array.from(values, value => (Number.isNaN(value) ? null : value))
    : values
}
