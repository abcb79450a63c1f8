import type { HeldStretch } from '../rollup/heldHours.ts'

/** Which candle; times as ISO 8601 text. */
export interface CandleName {
  readonly source: string
  readonly symbol: string
  readonly timeframe: string
  readonly dateTime: string
}

/** Something that is not as it must be. */
export interface Difference {
  readonly in: 'ticks' | 'iceberg' | 'kafka'
  readonly problem: 'missing' | 'surplus' | 'doubled' | 'differs'
  readonly candle?: CandleName
  /** What differs: what is there, and what must be. */
  readonly fields?: Readonly<Record<string, { readonly found: unknown; readonly expected: unknown }>>
  readonly detail?: string
}

/** A stretch of time, as ISO 8601 texts. */
export interface Stretch {
  readonly from: string
  readonly to: string
}

/** How many differences are kept to be shown; all are counted. */
const SHOWN = 20
const HOUR_MS = 3_600_000

/** What was looked at, and what was wrong. */
export class Findings {
  /** Ticks that the candles are made of, each checked to be there once. */
  ticks = 0
  /** Ticks of other engines outside the years of candles, counted in files that have no other ticks. */
  outside = 0
  /** Candles that were compared with their recomputation, by timeframe. */
  readonly candles: Record<string, number> = {}
  /** Rows that stand for candles which are gone. */
  removed = 0
  /** Hours that are still being caught up: their candles were compared with one another, and not with the ticks. */
  staleHours = 0
  /** Hours whose candles are kept although their ticks were deleted: they were not compared with ticks either. */
  held: HeldStretch | undefined
  kafkaRecords = 0
  /** Candles on Kafka that equal the one in Iceberg. */
  published = 0
  /** Candles whose newest revision publish has not sent yet. */
  unpublished = 0
  /** Candles that changed meanwhile: what is on Kafka equals a later snapshot. */
  overtaken = 0
  differenceCount = 0
  readonly differences: Difference[] = []
  /** From the first of the candles in Iceberg that differ until after the last one's first hour; undefined where none does. */
  repairable: Stretch | undefined

  /** Timeframes whose topics differ from Iceberg. */
  readonly topics: string[] = []

  report(difference: Difference): void {
    this.differenceCount += 1
    const { timeframe } = difference.candle ?? {}
    if (difference.in === 'kafka' && timeframe !== undefined && !this.topics.includes(timeframe))
      this.topics.push(timeframe)
    if (difference.in === 'iceberg' && difference.candle) this.#widen(Date.parse(difference.candle.dateTime))
    if (this.differences.length < SHOWN) this.differences.push(difference)
  }

  #widen(timeMs: number): void {
    const from = textOf(Math.floor(timeMs / HOUR_MS) * HOUR_MS)
    const to = textOf(Date.parse(from) + HOUR_MS)
    const known = this.repairable ?? { from, to }
    this.repairable = { from: from < known.from ? from : known.from, to: to > known.to ? to : known.to }
  }

  countCandle(timeframe: string): void {
    this.candles[timeframe] = (this.candles[timeframe] ?? 0) + 1
  }
}

function textOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19)
}

/** The named fields that differ, or undefined when none does. */
export function differingFields<Fields extends object>(
  expected: Fields,
  found: Fields,
  names: readonly (keyof Fields & string)[],
): Difference['fields'] | undefined {
  const differing = names.filter(name => expected[name] !== found[name])
  if (differing.length === 0) return undefined
  return Object.fromEntries(differing.map(name => [name, { found: found[name], expected: expected[name] }]))
}
