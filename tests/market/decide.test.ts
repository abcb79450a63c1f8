import { describe, expect, test } from 'vitest'
import type { Candle, ComputedCandle } from '../../lib/market/candle.ts'
import { decideCandles } from '../../lib/market/decide.ts'

const MINUTE = 60_000_000
const computed: ComputedCandle = {
  source: 's',
  symbol: 'x',
  timeframe: 'm1',
  dateTimeUs: 0,
  open: 1,
  high: 3,
  low: 1,
  close: 2,
  volume: 4,
}
const stored: Candle = { ...computed, closed: false, revision: 2, updatedAtUs: 5 }
const decide = (before: Candle[], now: ComputedCandle[], closedUntilUs = 0) =>
  decideCandles({ stored: before, computed: now, closedUntilUs, stampUs: 99 })

describe('decideCandles', () => {
  test('a new candle begins open at revision 1 with the stamp of this commit', () => {
    expect(decide([], [computed])).toEqual([{ ...computed, closed: false, revision: 1, updatedAtUs: 99 }])
  })

  test('a new candle whose time is over already is closed from the start', () => {
    expect(decide([], [computed], MINUTE)).toMatchObject([{ closed: true, revision: 1 }])
    expect(decide([], [computed], MINUTE - 1)).toMatchObject([{ closed: false, revision: 1 }])
  })

  test('equal values change nothing', () => {
    expect(decide([stored], [computed])).toEqual([])
  })

  test.each(['open', 'high', 'low', 'close', 'volume'])('another %s raises the revision by one', field => {
    expect(decide([stored], [{ ...computed, [field]: 7 }])).toMatchObject([
      { [field]: 7, revision: 3, updatedAtUs: 99, closed: false },
    ])
  })

  test('an open candle closes without a tick once its end is reached, values unchanged', () => {
    expect(decide([stored], [], MINUTE)).toEqual([{ ...stored, closed: true, revision: 3, updatedAtUs: 99 }])
    expect(decide([stored], [], MINUTE - 1)).toEqual([])
  })

  test('new values and closing at once are one revision', () => {
    expect(decide([stored], [{ ...computed, close: 9 }], MINUTE)).toMatchObject([
      { close: 9, closed: true, revision: 3 },
    ])
  })

  test('a closed candle that a late tick changes stays closed, whatever the clock says', () => {
    const closed = { ...stored, closed: true }
    expect(decide([closed], [{ ...computed, close: 9 }], 0)).toMatchObject([
      { close: 9, closed: true, revision: 3 },
    ])
    expect(decide([closed], [computed], 0)).toEqual([])
  })

  test('the same bucket of another symbol, source or timeframe is another candle', () => {
    const others = [
      { ...computed, symbol: 'y' },
      { ...computed, source: 't' },
      { ...computed, timeframe: 'm5' },
    ]
    expect(decide([stored], others)).toMatchObject([{ revision: 1 }, { revision: 1 }, { revision: 1 }])
  })
})
