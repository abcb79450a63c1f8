import type { Candle } from '../../page/api.js'

/** A candle of a minute of the hour. */
export function at(minute: number, values: Partial<Candle> = {}): Candle {
  return {
    dateTime: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000000Z`,
    ...{ open: 1, high: 1, low: 1, close: 1, volume: 1, closed: true, revision: 1 },
    ...values,
  }
}

/** A candle that had one price only. */
export const priced = (price: number) => at(0, { open: price, high: price, low: price, close: price })
