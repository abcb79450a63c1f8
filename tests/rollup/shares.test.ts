import { describe, expect, test } from 'vitest'
import { HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import { widestWindow } from '../../lib/rollup/liveWindow.ts'
import {
  clear,
  closedBy,
  markDamaged,
  markLeft,
  nextShare,
  owe,
  shareDone,
} from '../../lib/rollup/staleHours.ts'
import type { StaleHours } from '../../lib/tables/candlesState.ts'
import { at, exact, hours, listed, minute, NOW_US, ofDay, state } from '../support/staleHours.ts'

const NINE = hours('09:00')
const hour = at('09:00') / HOUR_US
const before = state({
  stale: hours('03:00', '09:00'),
  owed: NINE,
  damaged: NINE,
  sweep: NINE,
  sweepBeganUs: NOW_US - 1_000_000,
  staleSinceUs: NOW_US - 20_000_000,
  exact: exact('10:00', '15:38'),
})

/** The state after so many of 4 shares of nine o'clock. */
function after(shares: number, from: StaleHours = before): StaleHours {
  let reached = from
  for (let i = 0; i < shares; i++) {
    const index = nextShare(reached, NINE, 4)
    reached = shareDone(reached, NINE, { index, count: 4 }, NOW_US)
  }
  return reached
}
const ticksAt = (time: string, from: StaleHours) =>
  markLeft(from, { left: [minute(time)], window: widestWindow(NOW_US), nowUs: NOW_US })
const sets = ({ stale, owed, damaged, sweep }: StaleHours) => [stale, owed, damaged, sweep].map(listed)

describe('an hour that is done in shares', () => {
  test('is done by one share after the other, and clear with the last', () => {
    for (const done of [1, 2, 3]) {
      const partly = { hour, count: 4, done, isBehind: false }
      expect(after(done)).toEqual({ ...before, partly })
      expect(nextShare(after(done), NINE, 4)).toBe(done)
    }
    expect(after(4)).toEqual(clear(before, NINE, NOW_US))
    expect(sets(after(4))).toEqual([ofDay('03'), [], [], []])
  })

  test('is begun again where it is done in another number of shares, and clear at once where it is done whole', () => {
    expect(nextShare(after(3), NINE, 8)).toBe(0)
    expect(nextShare(after(3), NINE, 1)).toBe(0)
    const whole = shareDone(after(3), NINE, { index: 0, count: 1 }, NOW_US)
    expect(whole).toEqual(clear(before, NINE, NOW_US))
  })

  test('is known by itself alone: neither another hour nor several go on where it is', () => {
    expect(nextShare(after(3), hours('03:00'), 4)).toBe(0)
    expect(nextShare(after(3), hours('09:00', '10:00'), 4)).toBe(0)
    expect(nextShare(before, NINE, 4)).toBe(0)
  })

  test('is as far as it was when another one is done whole', () => {
    expect(clear(after(3), hours('03:00'), NOW_US).partly).toEqual(after(3).partly)
  })

  test('is begun again where somebody damages it: the shares that are done were not looked at for that', () => {
    expect(markDamaged(after(3), NINE, NOW_US).partly).toBeUndefined()
    expect(markDamaged(after(3), hours('10:00'), NOW_US).partly).toEqual(after(3).partly)
  })
})

describe('ticks that come into an hour while it is done in shares', () => {
  const late = ticksAt('09:59', after(3))

  test('do not begin it again: else a tick a minute would keep it from ever being done', () => {
    expect(nextShare(late, NINE, 4)).toBe(3)
    expect(late.partly).toEqual({ ...after(3).partly, isBehind: true })
    expect(nextShare(ticksAt('09:58', late), NINE, 4)).toBe(3)
  })

  test('leave it stale at its end, for a later sweep, and nothing waits for it', () => {
    const done = after(1, late)
    expect(sets(done)).toEqual([ofDay('03', '09'), [], [], []])
    expect(done).toMatchObject({ partly: undefined, staleSinceUs: before.staleSinceUs, exact: before.exact })
    expect(closedBy(done, at('12:00'))({ timeframe: 'h1', dateTimeUs: at('09:00') })).toBe(true)
  })

  test('are in its candles after the next time that it is done', () => {
    expect(sets(after(4, after(1, late)))).toEqual([ofDay('03'), [], [], []])
  })

  test('are remembered from share to share', () => {
    const early = ticksAt('09:59', after(1))
    expect(after(2, early).partly).toEqual({ hour, count: 4, done: 3, isBehind: true })
    expect(sets(after(3, early))[0]).toEqual(ofDay('03', '09'))
  })

  test('are of no matter before the first share, nor to another hour', () => {
    expect(after(4, ticksAt('09:59', before)).stale.has(hour)).toBe(false)
    expect(after(1, ticksAt('10:00', after(3))).stale.has(hour)).toBe(false)
    expect(after(1, ticksAt('08:59', after(3))).stale.has(hour)).toBe(false)
  })

  test('are in its candles where it is begun again in another number of shares, or done whole', () => {
    const whole = shareDone(late, NINE, { index: 0, count: 1 }, NOW_US)
    expect(whole.stale.has(hour)).toBe(false)
    const first = shareDone(late, NINE, { index: 0, count: 2 }, NOW_US)
    expect(first.partly).toEqual({ hour, count: 2, done: 1, isBehind: false })
    expect(shareDone(first, NINE, { index: 1, count: 2 }, NOW_US).stale.has(hour)).toBe(false)
  })

  test('begin it again where a close comes due after them: the close waits for all that came before it', () => {
    const closes = (from: StaleHours) => owe(from, at('11:00'), at('12:00'))
    expect(closes(late).partly).toBeUndefined()
    expect(listed(closes(late).owed)).toEqual(ofDay('09'))
    expect(closes(after(3)).partly).toEqual(after(3).partly)
  })

  test('do not where it is another hour’s', () => {
    const stale = late.stale.union(hours('11:00'))
    const other = state({ ...late, stale, exact: exact('15:00', '15:38') })
    const due = owe(other, at('11:30'), at('11:30') + MINUTE_US)
    expect(listed(due.owed.minus(NINE))).toEqual(ofDay('11'))
    expect(due.partly).toEqual(late.partly)
  })
})
