import { type Candle, type CandleKey, candleId } from '../market/candle.ts'
import { formatDateTime } from '../market/time.ts'
import { basisOf } from './basis.ts'
import { type Calendar, DAY_US, MINUTES, OF_DAYS, WITHIN_A_DAY } from './calendar.ts'
import type { SymbolMinutes } from './dayTicks.ts'
import { type CandleName, differingFields, type Findings } from './findings.ts'
import { type Bucket, extend, foldUp } from './fold.ts'
import type { Provable } from './provable.ts'
import { candleOfRow, isRemoved } from './removed.ts'

const COMPARED = ['open', 'high', 'low', 'close', 'volume', 'closed'] as const

/** What candles are held to. */
export interface Scope {
  /** Only buckets that lie within are compared. */
  readonly fromUs: number
  readonly toUs: number
  readonly provable: Provable
}

interface LongBucket {
  readonly key: CandleKey
  readonly calendar: Calendar
  readonly bucket: Bucket
}

/** Compares the stored candles with what their ticks say, day after day; weeks and months when their last day is through. */
export class CandleComparison {
  readonly #findings: Findings
  readonly #scope: Scope
  /** Weeks and months whose days are not all through, as the ticks say and as they are stored. */
  readonly #computed = new Map<string, LongBucket>()
  readonly #stored = new Map<string, Candle>()

  constructor(findings: Findings, scope: Scope) {
    this.#findings = findings
    this.#scope = scope
  }

  /** All rows of candles that begin on one day, and the minutes of all its ticks. Days come in their order. */
  addDay(startUs: number, rows: readonly Candle[], ticks: readonly SymbolMinutes[]): void {
    this.#finish(startUs)
    const stored = this.#index(rows.filter(row => !isRemoved(row)))
    this.#checkRemoved(rows)
    const day = { startUs, ticks, stored: stored.values() }
    for (const { source, symbol, minutes } of basisOf(day, this.#scope.provable)) {
      for (const calendar of WITHIN_A_DAY) {
        const { timeframe } = calendar
        const buckets = calendar === MINUTES ? minutes : foldUp(minutes, calendar.start)
        for (const bucket of buckets) {
          const key = { source, symbol, timeframe, dateTimeUs: bucket.startUs }
          this.#compare({ key, calendar, bucket }, takeFrom(stored, candleId(key)))
        }
      }
      for (const day of foldUp(minutes, () => startUs)) this.#addDayOf(source, symbol, day)
    }
    for (const candle of stored.values()) this.#surplus(candle)
  }

  /** Compares what is left: weeks and months that may not be over. */
  end(): void {
    this.#finish(Number.POSITIVE_INFINITY)
  }

  /** By id; weeks and months are laid aside. A candle that is there twice is reported. */
  #index(candles: readonly Candle[]): Map<string, Candle> {
    const ofDay = new Map<string, Candle>()
    for (const candle of candles) {
      const index = OF_DAYS.some(({ timeframe }) => timeframe === candle.timeframe) ? this.#stored : ofDay
      const id = candleId(candle)
      if (index.has(id)) this.#findings.report({ in: 'iceberg', problem: 'doubled', candle: nameOf(candle) })
      index.set(id, candle)
    }
    return ofDay
  }

  /** Beside a row which says that a candle is gone, there is neither that candle nor another such row. */
  #checkRemoved(rows: readonly Candle[]): void {
    const removed = rows.filter(isRemoved)
    const seen = new Set(removed.length === 0 ? [] : rows.filter(row => !isRemoved(row)).map(candleId))
    for (const row of removed) {
      const candle = candleOfRow(row)
      if (!this.#isWithin(candle.dateTimeUs, endOf(candle))) continue
      this.#findings.removed += 1
      const id = candleId(candle)
      if (seen.has(id)) this.#findings.report({ in: 'iceberg', problem: 'doubled', candle: nameOf(row) })
      seen.add(id)
    }
  }

  #addDayOf(source: string, symbol: string, day: Bucket): void {
    for (const calendar of OF_DAYS) {
      const startUs = calendar.start(day.startUs)
      const key = { source, symbol, timeframe: calendar.timeframe, dateTimeUs: startUs }
      const id = candleId(key)
      const known = this.#computed.get(id)
      if (known === undefined) this.#computed.set(id, { key, calendar, bucket: { ...day, startUs } })
      else extend(known.bucket, day)
    }
  }

  /** Compares the weeks and months that end by this moment. */
  #finish(untilUs: number): void {
    for (const [id, computed] of this.#computed) {
      if (computed.calendar.end(computed.bucket.startUs) > untilUs) continue
      this.#compare(computed, takeFrom(this.#stored, id))
      this.#computed.delete(id)
    }
    for (const [id, candle] of this.#stored) {
      if (endOf(candle) > untilUs) continue
      this.#surplus(candle)
      this.#stored.delete(id)
    }
  }

  #compare({ key, calendar, bucket }: LongBucket, found: Candle | undefined): void {
    const endUs = calendar.end(bucket.startUs)
    const { provable } = this.#scope
    if (!this.#isWithin(bucket.startUs, endUs)) return
    if (!provable.isPutTogether(bucket.startUs, endUs)) return
    if (provable.isCurrent(bucket.startUs, endUs)) this.#findings.countCandle(key.timeframe)
    if (found === undefined) {
      this.#findings.report({ in: 'iceberg', problem: 'missing', candle: nameOf(key) })
      return
    }
    const expected = { ...bucket, closed: provable.isClosed(bucket.startUs, endUs) ?? found.closed }
    const fields = differingFields(expected, { ...found, startUs: bucket.startUs }, COMPARED)
    if (fields) this.#findings.report({ in: 'iceberg', problem: 'differs', candle: nameOf(key), fields })
  }

  #surplus(candle: Candle): void {
    const endUs = endOf(candle)
    if (!this.#isWithin(candle.dateTimeUs, endUs)) return
    if (!this.#scope.provable.isPutTogether(candle.dateTimeUs, endUs)) return
    this.#findings.report({ in: 'iceberg', problem: 'surplus', candle: nameOf(candle) })
  }

  #isWithin(startUs: number, endUs: number): boolean {
    return startUs >= this.#scope.fromUs && endUs <= this.#scope.toUs
  }
}

const CALENDARS = new Map([...WITHIN_A_DAY, ...OF_DAYS].map(calendar => [calendar.timeframe, calendar]))

/** When the candle's bucket ends; of a timeframe that nobody knows, a day after it begins. */
export function endOf({ timeframe, dateTimeUs }: CandleKey): number {
  return CALENDARS.get(timeframe)?.end(dateTimeUs) ?? dateTimeUs + DAY_US
}

/** A candle's name as it is shown. */
export function nameOf({ source, symbol, timeframe, dateTimeUs }: CandleKey): CandleName {
  return { source, symbol, timeframe, dateTime: formatDateTime(dateTimeUs) }
}

function takeFrom(map: Map<string, Candle>, id: string): Candle | undefined {
  const candle = map.get(id)
  map.delete(id)
  return candle
}
