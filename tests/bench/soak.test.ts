import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SimulatedClock } from '../../bench/soak/clock.ts'
import { soakOptions } from '../../bench/soak/options.ts'
import { simulatedStore } from '../../bench/soak/simulatedStore.ts'
import { ratioOfHundreds, spread } from '../../bench/soak/times.ts'
import { MemoryStore } from '../support/memoryStore.ts'

const MINUTE_MS = 60_000

describe('the simulated clock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
  afterEach(() => void vi.useRealTimers())

  /** An hour passes in 6 s. */
  function fastHour(): SimulatedClock {
    const clock = new SimulatedClock(0)
    for (let minute = 1; minute <= 60; minute++) {
      vi.setSystemTime(1_000_000 + minute * 100)
      clock.set(minute * MINUTE_MS)
    }
    return clock
  }

  test('tells what it said at a moment of the real one, and the first before it began', () => {
    const clock = fastHour()
    expect(clock.nowMs()).toBe(60 * MINUTE_MS)
    expect(clock.at(1_000_000 + 2_050)).toBe(20 * MINUTE_MS)
    expect(clock.at(2_000_000)).toBe(60 * MINUTE_MS)
    expect(clock.at(0)).toBe(0)
  })

  test('of a store: a file is as young as it may be, as the store cuts milliseconds off', async () => {
    const clock = new SimulatedClock(0)
    const store = new MemoryStore({ nowMs: () => Math.floor(Date.now() / 1000) * 1000 })
    vi.setSystemTime(1_000_900)
    clock.set(MINUTE_MS)
    await store.write('s3://bucket/a', Uint8Array.of(1))
    vi.setSystemTime(1_002_000)
    clock.set(2 * MINUTE_MS)
    for await (const page of simulatedStore(store, clock).list('s3://bucket/')) {
      expect(page.map(({ modifiedMs }) => modifiedMs)).toEqual([MINUTE_MS])
    }
  })
})

describe('times', () => {
  test('20 of the warming up are left out, then the last hundred is held to the first by its median', () => {
    const times = [
      ...Array(20).fill(9_000),
      ...Array(100).fill(100),
      ...Array(50).fill(7),
      ...Array(100).fill(110),
    ]
    expect(ratioOfHundreds(times)).toBeCloseTo(1.1)
  })

  test('of a short run the halves are held together', () => {
    expect(ratioOfHundreds([9_000, 10, 10, 20, 20])).toBe(2)
  })

  test('are told by median and maximum', () => {
    expect(spread('rollup', [3, 1, 20])).toEqual({ rollup_p50_ms: 3, rollup_max_ms: 20 })
  })
})

test.each([{ minutes: '29' }, { minutes: 'x' }, { 'commit-every': '3' }, { 'retention-minutes': '0' }])(
  'options that cannot be are refused: %j',
  values => {
    expect(() => soakOptions({ values } as never)).toThrow('cannot be')
  },
)
