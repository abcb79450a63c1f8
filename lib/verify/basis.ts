import type { Candle } from '../market/candle.ts'
import { DAY_US, MINUTES } from './calendar.ts'
import type { SymbolMinutes } from './dayTicks.ts'
import type { Bucket } from './fold.ts'
import type { Provable } from './provable.ts'

/** What the candles of one symbol on one day must be made of, in the order of time. */
export interface Basis {
  readonly source: string
  readonly symbol: string
  readonly minutes: readonly Bucket[]
}

/** A day's ticks and stored candles. */
interface Day {
  readonly startUs: number
  readonly ticks: readonly SymbolMinutes[]
  readonly stored: Iterable<Candle>
}

/** The minutes as the ticks say; where a minute need not be current, as it is stored. */
export function* basisOf({ startUs, ticks, stored }: Day, provable: Provable): Generator<Basis> {
  const isCurrent = (timeUs: number) => provable.isCurrent(timeUs, MINUTES.end(timeUs))
  const isWhole = provable.isCurrent(startUs, startUs + DAY_US)
  const left = isWhole
    ? new Map<string, Candle[]>()
    : bySymbol(stored, candle => !isCurrent(candle.dateTimeUs))
  for (const { source, symbol, fold } of ticks) {
    const key = keyOf(source, symbol)
    const minutes = fold.inOrder()
    const asStored = left.get(key) ?? []
    left.delete(key)
    yield {
      source,
      symbol,
      minutes: isWhole
        ? minutes
        : inOrder([...minutes.filter(minute => isCurrent(minute.startUs)), ...asStored.map(bucketOf)]),
    }
  }
  for (const [first, ...rest] of left.values()) {
    if (first)
      yield { source: first.source, symbol: first.symbol, minutes: inOrder([first, ...rest].map(bucketOf)) }
  }
}

function bySymbol(stored: Iterable<Candle>, isWanted: (candle: Candle) => boolean): Map<string, Candle[]> {
  const minutes = [...stored].filter(candle => candle.timeframe === MINUTES.timeframe && isWanted(candle))
  return Map.groupBy(minutes, ({ source, symbol }) => keyOf(source, symbol))
}

function keyOf(source: string, symbol: string): string {
  return JSON.stringify([source, symbol])
}

function bucketOf({ dateTimeUs: startUs, open, high, low, close, volume }: Candle): Bucket {
  return { startUs, open, high, low, close, volume }
}

function inOrder(minutes: readonly Bucket[]): Bucket[] {
  return minutes.toSorted((a, b) => a.startUs - b.startUs)
}
