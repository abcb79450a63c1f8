import { type Candle, type CandleKey, type CandleValues, sameValues } from '../../../lib/market/candle.ts'
import { type HourSet, hourOf } from '../../../lib/market/hours.ts'
import { overlaps, type TimeRange } from '../../../lib/market/range.ts'
import { MINUTE_US } from '../../../lib/market/time.ts'
import { bucketEnd, bucketStart, TIMEFRAMES, timeframeOf } from '../../../lib/market/timeframe.ts'
import type { CandlesState, StaleHours } from '../../../lib/tables/candlesState.ts'
import { type Minute, minuteKey } from '../../support/minuteFold.ts'
import { show } from './ledger.ts'
import { moment, must, Wrong } from './wrong.ts'

/** What has changed without anybody's seeing it, and was not marked yet. */
export interface Unmarked {
  /** Hours whose m1 candles may differ from their ticks. */
  readonly minutes: HourSet
  /** Stretches in which stored candles of any timeframe may be wrong. */
  readonly candles: readonly TimeRange[]
}

/** I1: every m1 candle that is not held, and outside the stale hours or in the exact stretch, is the fold of the ticks below the vector. */
export function checkMinutes(
  rows: readonly Candle[],
  truth: ReadonlyMap<string, Minute>,
  { hours: { stale, exact }, held }: CandlesState,
  unmarked: Unmarked,
): void {
  const isChecked = (startUs: number) => {
    if (held.has(hourOf(startUs))) return false
    const isExact = startUs >= exact.fromUs && startUs + MINUTE_US <= exact.toUs
    return (isExact || !stale.has(hourOf(startUs))) && !unmarked.minutes.has(hourOf(startUs))
  }
  const stored = new Map<string, Candle>()
  for (const row of rows)
    if (row.timeframe === 'm1') stored.set(minuteKey(row.source, row.symbol, row.dateTimeUs), row)
  for (const [key, minute] of truth) {
    if (!isChecked(minute.startUs)) continue
    const row = stored.get(key)
    if (row === undefined) throw new Wrong('I1', `no m1 candle ${showMinute(minute)}`)
    must(sameValues(row, minute), 'I1', () => `${show(row)} is not ${showMinute(minute)}`)
  }
  for (const [key, row] of stored) {
    if (isChecked(row.dateTimeUs)) must(truth.has(key), 'I1', () => `${show(row)} has no ticks`)
  }
}

/** What each timeframe is folded from, said once more than in what is checked. */
const FINER: Readonly<Record<string, string>> = {
  ...{ m5: 'm1', m10: 'm1', m15: 'm1', m30: 'm1', h1: 'm1' },
  ...{ h3: 'h1', h4: 'h1', D1: 'h1', W1: 'D1', M1: 'D1' },
}

/** I2: outside the damaged hours, each coarser candle is the fold of the stored finer ones. */
export function checkCoarser(rows: readonly Candle[], { damaged }: StaleHours, unmarked: Unmarked): void {
  const byTimeframe = Map.groupBy(rows, ({ timeframe }) => timeframe)
  for (const timeframe of TIMEFRAMES) {
    const finer = FINER[timeframe.name]
    if (finer === undefined) continue
    const expected = foldUp(byTimeframe.get(finer) ?? [], timeframe.name)
    const isChecked = ({ dateTimeUs }: CandleKey) => {
      const endUs = bucketEnd(timeframe, dateTimeUs)
      return !damaged.touches(dateTimeUs, endUs) && !overlaps(unmarked.candles, dateTimeUs, endUs)
    }
    for (const row of byTimeframe.get(timeframe.name) ?? []) {
      const key = minuteKey(row.source, row.symbol, row.dateTimeUs)
      const folded = expected.get(key)
      expected.delete(key)
      if (!isChecked(row)) continue
      if (folded === undefined) throw new Wrong('I2', `${show(row)} has no ${finer} candle`)
      must(sameValues(row, folded), 'I2', () => `${show(row)} is not ${JSON.stringify(folded)}`)
    }
    for (const folded of expected.values()) {
      if (isChecked(folded)) throw new Wrong('I2', `no ${timeframe.name} candle ${JSON.stringify(folded)}`)
    }
  }
}

function foldUp(rows: readonly Candle[], name: string): Map<string, CandleKey & CandleValues> {
  const folded = new Map<string, CandleKey & CandleValues>()
  for (const { source, symbol, dateTimeUs, open, high, low, close, volume } of rows.toSorted(byTime)) {
    const startUs = bucketStart(timeframeOf(name), dateTimeUs)
    const key = minuteKey(source, symbol, startUs)
    const before = folded.get(key)
    const place = { source, symbol, timeframe: name, dateTimeUs: startUs }
    const values = before && {
      open: before.open,
      high: Math.max(before.high, high),
      low: Math.min(before.low, low),
      close,
      volume: before.volume + volume,
    }
    folded.set(key, { ...place, ...(values ?? { open, high, low, close, volume }) })
  }
  return folded
}

function byTime(a: Candle, b: Candle): number {
  return a.dateTimeUs - b.dateTimeUs
}

/** I3: a candle that is over is closed, unless it waits for an hour that is owed or damaged. */
export function checkClosed(
  rows: readonly Candle[],
  { closedUntilUs, hours: { owed, exact, damaged } }: Pick<CandlesState, 'closedUntilUs' | 'hours'>,
  unmarked: Unmarked,
): void {
  for (const row of rows) {
    if (row.closed) continue
    const endUs = bucketEnd(timeframeOf(row.timeframe), row.dateTimeUs)
    if (endUs > closedUntilUs || damaged.touches(row.dateTimeUs, endUs)) continue
    if (overlaps(unmarked.candles, row.dateTimeUs, endUs)) continue
    const isExact = row.dateTimeUs >= exact.fromUs && endUs <= exact.toUs
    must(
      owed.touches(row.dateTimeUs, endUs) && !isExact,
      'I3',
      () => `${show(row)} is open, candles are closed until ${moment(closedUntilUs)}`,
    )
  }
}

/** What is owed, damaged or swept is stale; what is held is not. */
export function checkHours({ hours: { stale, owed, damaged, sweep }, held }: CandlesState): void {
  must(held.intersect(stale).isEmpty, 'hours', () => 'held hours are stale')
  for (const [name, some] of Object.entries({ owed, damaged, sweep })) {
    must(some.minus(stale).isEmpty, 'hours', () => `${name} hours are not stale`)
  }
}

function showMinute({ startUs, open, high, low, close, volume }: Minute): string {
  return `${moment(startUs)} ${[open, high, low, close].join('/')} ×${volume}`
}
