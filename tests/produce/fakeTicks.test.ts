import { describe, expect, test } from 'vitest'
import { decodeTick } from '../../lib/market/tick.ts'
import { activity, walkPrice } from '../../lib/market/walk.ts'
import { fakeInstruments, fakeRecord, fakeTick } from '../../lib/produce/fakeTicks.ts'

const TIME_US = Date.parse('2026-01-31T12:00:00Z') * 1000

const WALK = { seed: 1, basePrice: 100, volatility: 0.4 }

describe('fake ticks', () => {
  test('are the same for the same seed and time, and others for another seed', () => {
    const first = (seed: number) => fakeTick(fakeInstruments(seed, 1)[0]!, TIME_US)
    expect(first(7)).toEqual(first(7))
    expect(first(8)).not.toEqual(first(7))
  })

  test('more symbols leave the first ones as they were', () => {
    expect(fakeInstruments(1, 50).slice(0, 10)).toEqual(fakeInstruments(1, 10))
    expect(new Set(fakeInstruments(1, 500).map(({ symbol }) => symbol)).size).toBe(500)
  })

  test('are good ticks with bid below mid below ask', () => {
    for (const instrument of fakeInstruments(3, 100)) {
      const record = fakeRecord('t', instrument, TIME_US)
      const tick = decodeTick(Buffer.from(record.value as string), TIME_US / 1000, {
        earliestUs: 0,
        maxAheadMs: 0,
      })
      if (typeof tick === 'string') throw new Error(tick)
      expect(tick.bid).toBeLessThan(tick.mid)
      expect(tick.mid).toBeLessThan(tick.ask)
      expect(tick.bid).toBeGreaterThan(0)
    }
  })

  test('times carry three decimals, six where they are needed, and no zone', () => {
    const [instrument] = fakeInstruments(1, 1)
    expect(fakeTick(instrument!, TIME_US).dateTime).toBe('2026-01-31T12:00:00.000')
    expect(fakeTick(instrument!, TIME_US + 1).dateTime).toBe('2026-01-31T12:00:00.000001')
  })

  test('the walk moves a little in a second and more in a day', () => {
    const step = (ms: number) => {
      const moves = Array.from({ length: 200 }, (_, i) => {
        const at = TIME_US / 1000 + i * 3_600_000
        return Math.abs(Math.log(walkPrice(WALK, at + ms) / walkPrice(WALK, at)))
      })
      return moves.reduce((sum, move) => sum + move, 0) / moves.length
    }
    expect(step(1_000)).toBeGreaterThan(0)
    expect(step(1_000)).toBeLessThan(0.001)
    expect(step(86_400_000)).toBeGreaterThan(10 * step(1_000))
    expect(step(86_400_000)).toBeLessThan(0.2)
  })

  test('begin with names that everyone knows, at prices that they might have', () => {
    const instruments = fakeInstruments(1, 10)
    expect(instruments.slice(0, 3).map(({ symbol }) => symbol)).toEqual(['AAPL', 'BTC/USDT', 'EUR/USD'])
    for (const instrument of instruments.slice(0, 6)) {
      const { mid } = fakeTick(instrument, TIME_US)
      expect(Number(mid) / instrument.basePrice).toBeGreaterThan(0.4)
      expect(Number(mid) / instrument.basePrice).toBeLessThan(2.5)
    }
  })

  test('lively hours follow lively ones, and move the price further', () => {
    const hours = Array.from({ length: 24 * 40 }, (_, hour) => TIME_US / 1000 + hour * 3_600_000)
    const moves = hours.map(at => {
      const prices = Array.from({ length: 61 }, (_, minute) => walkPrice(WALK, at + minute * 60_000))
      return Math.sqrt(prices.slice(1).reduce((sum, price, i) => sum + Math.log(price / prices[i]!) ** 2, 0))
    })
    const lively = hours.map(at => activity(WALK.seed, at + 1_800_000))
    expect(correlation(moves, lively)).toBeGreaterThan(0.7)
    expect(correlation(moves.slice(1), moves.slice(0, -1))).toBeGreaterThan(0.3)
    const mean = lively.reduce((sum, each) => sum + each, 0) / lively.length
    expect(mean).toBeCloseTo(1, 0)
  })
})

/** The correlation of two series of the same length. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / of.length
  const [meanA, meanB] = [mean(a), mean(b)]
  const product = (left: readonly number[], right: readonly number[], l: number, r: number) =>
    left.reduce((sum, each, i) => sum + (each - l) * (right[i]! - r), 0)
  const spread = Math.sqrt(product(a, a, meanA, meanA) * product(b, b, meanB, meanB))
  return product(a, b, meanA, meanB) / spread
}
