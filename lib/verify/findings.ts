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

/** How many differences are kept to be shown; all are counted. */
const SHOWN = 20

/** What was looked at, and what was wrong. */
export class Findings {
  /** Ticks that the candles are made of, each checked to be there once. */
  ticks = 0
  /** Candles that were compared with their recomputation, by timeframe. */
  readonly candles: Record<string, number> = {}
  /** Rows that stand for candles which are gone. */
  removed = 0
  /** Hours that are still being caught up: their candles were compared with one another, and not with the ticks. */
  staleHours = 0
  kafkaRecords = 0
  /** Candles on Kafka that equal the one in Iceberg. */
  published = 0
  /** Candles whose newest revision publish has not sent yet. */
  unpublished = 0
  /** Candles that changed meanwhile: what is on Kafka equals a later snapshot. */
  overtaken = 0
  differenceCount = 0
  readonly differences: Difference[] = []

  report(difference: Difference): void {
    this.differenceCount += 1
    if (this.differences.length < SHOWN) this.differences.push(difference)
  }

  countCandle(timeframe: string): void {
    this.candles[timeframe] = (this.candles[timeframe] ?? 0) + 1
  }
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
