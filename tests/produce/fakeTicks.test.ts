import { describe, expect, test } from 'vitest'
import { decodeTick } from '../../lib/market/tick.ts'
import { walkPrice } from '../../lib/market/walk.ts'
import { fakeInstruments, fakeRecord, fakeTick } from '../../lib/produce/fakeTicks.ts'

const TIME_US = Date.parse('2026-01-31T12:00:00Z') * 1000

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
        return Math.abs(Math.log(walkPrice(1, 100, at + ms) / walkPrice(1, 100, at)))
      })
      return moves.reduce((sum, move) => sum + move, 0) / moves.length
    }
    expect(step(1_000)).toBeGreaterThan(0)
    expect(step(1_000)).toBeLessThan(0.001)
    expect(step(86_400_000)).toBeGreaterThan(10 * step(1_000))
    expect(step(86_400_000)).toBeLessThan(0.2)
  })
})
