import type { TickRow } from './tableRows.ts'

/** An m1 candle as ticks make it; `startUs` is the minute's beginning. */
export interface Minute {
  readonly source: string
  readonly symbol: string
  readonly startUs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly first: TickRow
  readonly last: TickRow
}

const MINUTE_US = 60_000_000

/** Folds ticks to m1 candles, by `minuteKey`. It shares no code with what it checks, and is quicker than the oracle. */
export function foldToMinutes(
  ticks: Iterable<TickRow>,
  price: 'mid' | 'bid' | 'ask' = 'mid',
): Map<string, Minute> {
  const perMinute = new Map<string, TickRow[]>()
  for (const tick of ticks) {
    const key = minuteKey(tick.source, tick.symbol, startOf(tick))
    const others = perMinute.get(key)
    if (others === undefined) perMinute.set(key, [tick])
    else others.push(tick)
  }
  return new Map([...perMinute].map(([key, some]) => [key, foldOne(some.sort(byOrder), price)]))
}

/** Equal for the same minute of the same source and symbol, and for no other. */
export function minuteKey(source: string, symbol: string, startUs: number): string {
  return JSON.stringify([source, symbol, startUs])
}

function foldOne(inOrder: readonly TickRow[], price: 'mid' | 'bid' | 'ask'): Minute {
  const [first] = inOrder
  // Adding 0 makes a zero of a negative one.
  const prices = inOrder.map(tick => tick[price] + 0)
  return {
    source: first!.source,
    symbol: first!.symbol,
    startUs: startOf(first!),
    open: prices[0]!,
    high: prices.reduce((a, b) => Math.max(a, b)),
    low: prices.reduce((a, b) => Math.min(a, b)),
    close: prices.at(-1)!,
    volume: prices.length,
    first: first!,
    last: inOrder.at(-1)!,
  }
}

function startOf({ dateTimeUs }: TickRow): number {
  return Math.floor(dateTimeUs / MINUTE_US) * MINUTE_US
}

function byOrder(a: TickRow, b: TickRow): number {
  return (
    a.dateTimeUs - b.dateTimeUs ||
    (a.number < b.number ? -1 : a.number > b.number ? 1 : 0) ||
    a.epoch - b.epoch ||
    a.partition - b.partition ||
    a.offset - b.offset
  )
}
