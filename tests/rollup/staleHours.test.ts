import { describe, expect, test } from 'vitest'
import { HourSet } from '../../lib/market/hours.ts'
import type { TimeRange } from '../../lib/market/range.ts'
import { HOUR_US, MINUTE_US, type Micros } from '../../lib/market/time.ts'
import { narrowestWindow, widestWindow } from '../../lib/rollup/liveWindow.ts'
import { closedBy, markDamaged, markLeft, owe } from '../../lib/rollup/staleHours.ts'
import { NOTHING_STALE, type StaleHours } from '../../lib/tables/candlesState.ts'
import {
  at,
  EVER_US,
  exact,
  exactOf,
  hours,
  listed,
  minute,
  NOW_US,
  ofDay,
  state,
} from '../support/staleHours.ts'

const live = (left: TimeRange[], nowUs = NOW_US, window = widestWindow(nowUs)) => ({ left, window, nowUs })

describe('what a live round leaves', () => {
  test('marks the hour of each minute, and no other', () => {
    const marked = markLeft(NOTHING_STALE, live([minute('09:59'), minute('11:00'), minute('18:30')]))
    expect(listed(marked.stale)).toEqual(ofDay('09', '11', '18'))
  })

  test('marks nothing when nothing is left', () => {
    expect(markLeft(NOTHING_STALE, live([])).stale.isEmpty).toBe(true)
  })

  test('keeps what was marked before, and what is owed, damaged or of the sweep', () => {
    const before = state({ stale: hours('03:00', '04:00', '05:00'), owed: hours('03:00') })
    const marked = markLeft(
      { ...before, damaged: hours('04:00'), sweep: hours('05:00') },
      live([minute('09:59')]),
    )
    expect(listed(marked.stale)).toEqual(ofDay('03', '04', '05', '09'))
    expect([marked.owed, marked.damaged, marked.sweep].map(listed)).toEqual([
      ofDay('03'),
      ofDay('04'),
      ofDay('05'),
    ])
  })

  test('is stale since the first mark, until nothing is', () => {
    const first = markLeft(NOTHING_STALE, live([minute('09:59')]))
    expect(first.staleSinceUs).toBe(NOW_US)
    expect(markLeft(first, live([minute('08:00')], NOW_US + MINUTE_US)).staleSinceUs).toBe(NOW_US)
    expect(markLeft(NOTHING_STALE, live([])).staleSinceUs).toBe(0)
  })
})

describe('the exact stretch after a live round', () => {
  test('is all up to the end of the window, while nothing is stale', () => {
    expect(exactOf(markLeft(NOTHING_STALE, live([])))).toEqual(['ever', '15:38'])
  })

  test('begins after the last hour that is marked', () => {
    const marked = markLeft(NOTHING_STALE, live([minute('05:10'), minute('09:59')]))
    expect(exactOf(marked)).toEqual(['10:00', '15:38'])
  })

  test('begins with the window where the hour that is marked reaches into it', () => {
    const window = narrowestWindow(NOW_US)
    const marked = markLeft(NOTHING_STALE, live([minute('14:20')], NOW_US, window))
    expect(listed(marked.stale)).toEqual(ofDay('14'))
    expect(exactOf(marked)).toEqual(['14:34', '15:38'])
  })

  test('goes on where it was when a minute before it is left', () => {
    const before = state({ stale: hours('09:00'), exact: exact('10:00', '15:37') })
    expect(exactOf(markLeft(before, live([minute('08:30')])))).toEqual(['10:00', '15:38'])
  })

  test('is not cut by a mark before it that shares its first hour', () => {
    const before = state({ stale: hours('09:00'), exact: exact('09:40', '15:37') })
    expect(exactOf(markLeft(before, live([minute('09:10')])))[1]).toBe('15:38')
  })

  test('goes on over an outage: what came in it was taken in or marked by the round after it', () => {
    const before = state({ exact: { fromUs: EVER_US, toUs: at('06:00') } })
    expect(exactOf(markLeft(before, live([])))).toEqual(['ever', '15:38'])
    expect(exactOf(markLeft(before, live([minute('08:00')])))).toEqual(['09:00', '15:38'])
  })

  test('ends with the window where a tick is further ahead', () => {
    const marked = markLeft(NOTHING_STALE, live([minute('18:30')]))
    expect(listed(marked.stale)).toEqual(ofDay('18'))
    expect(exactOf(marked)).toEqual(['ever', '15:38'])
  })

  test('does not take in a stale hour that comes into the window from the future', () => {
    const before = state({ stale: hours('15:00'), exact: { fromUs: EVER_US, toUs: at('15:38') } })
    const entering = markLeft(before, live([], at('14:38')))
    expect(exactOf(entering)).toEqual(['15:39', '15:39'])
    // When the hour has passed, the stretch begins behind it.
    expect(exactOf(markLeft(entering, live([], at('15:10'))))).toEqual(['16:00', '16:11'])
  })

  test('is cut where the clock went back and a minute behind the window is left', () => {
    const before = markLeft(NOTHING_STALE, live([]))
    const marked = markLeft(before, live([minute('14:36')], at('11:37')))
    expect(listed(marked.stale)).toEqual(ofDay('14'))
    expect(exactOf(marked)).toEqual(['ever', '14:00'])
  })

  test('keeps all of the window where the clock went back, also in the hour that is marked behind it', () => {
    const before = markLeft(NOTHING_STALE, live([]))
    const marked = markLeft(before, live([minute('13:50')], at('12:37')))
    expect(listed(marked.stale)).toEqual(ofDay('13'))
    expect(exactOf(marked)).toEqual(['ever', '13:38'])
  })

  test('keeps its end where the clock went back and nothing is left behind the window', () => {
    const before = markLeft(NOTHING_STALE, live([]))
    expect(exactOf(markLeft(before, live([], at('11:37'))))).toEqual(['ever', '15:38'])
  })
})

describe('what another hand has damaged', () => {
  const before = state({ exact: { fromUs: EVER_US, toUs: at('15:38') } })

  test('is stale and damaged, and owed by no close', () => {
    const marked = markDamaged(before, hours('07:00', '09:00'), NOW_US)
    expect(listed(marked.damaged)).toEqual(ofDay('07', '09'))
    expect(listed(marked.stale)).toEqual(ofDay('07', '09'))
    expect(marked.owed.isEmpty).toBe(true)
    expect(marked.staleSinceUs).toBe(NOW_US)
  })

  test('is not exact: the stretch begins behind it', () => {
    expect(exactOf(markDamaged(before, hours('07:00', '09:00'), NOW_US))).toEqual(['10:00', '15:38'])
  })

  test('leaves nothing exact where it is as new as what is', () => {
    const { exact } = markDamaged(before, hours('14:00', '15:00'), NOW_US)
    expect(exact.fromUs).toBeGreaterThanOrEqual(exact.toUs)
  })

  test('leaves the stretch alone where it lies before it', () => {
    const later = state({ stale: hours('09:00'), exact: exact('10:00', '15:38') })
    expect(exactOf(markDamaged(later, hours('07:00'), NOW_US))).toEqual(['10:00', '15:38'])
  })

  test('adds to what is damaged already, and is nothing where it is no hour', () => {
    const marked = markDamaged(markDamaged(before, hours('07:00'), NOW_US), hours('03:00'), NOW_US)
    expect(listed(marked.damaged)).toEqual(ofDay('03', '07'))
    expect(markDamaged(before, HourSet.EMPTY, NOW_US)).toBe(before)
  })
})

describe('closes that come due', () => {
  const LATE = { fromUs: at('23:00'), toUs: at('23:00') }
  const due = (before: StaleHours, from: Micros, to: Micros) => listed(owe(before, from, to).owed)
  const midnight = at('00:00', '2026-03-18')

  test('owe the stale hours of buckets that end then, and no others', () => {
    const before = state({ stale: hours('03:00', '08:00', '11:00', '12:00'), exact: LATE })
    // At noon an hour, three hours and four hours end; at 12:01 a minute of the hour that has begun.
    expect(due(before, at('11:59'), at('12:00'))).toEqual(ofDay('08', '11'))
    expect(due(before, at('12:00'), at('12:01'))).toEqual(ofDay('12'))
    expect(due(before, at('10:00'), at('10:01'))).toEqual([])
  })

  test('owe all stale hours of the day at its end, and none of another', () => {
    const yesterday = at('10:00', '2026-03-16') / HOUR_US
    const before = state({ stale: hours(yesterday, '03:00', '17:00') })
    expect(due(before, midnight - MINUTE_US, midnight)).toEqual(ofDay('03', '17'))
  })

  test('owe those of the week on Monday, and of the month on the first', () => {
    const tuesday = state({ stale: hours('03:00', at('03:00', '2026-03-02') / HOUR_US) })
    const monday = at('00:00', '2026-03-23')
    expect(due(tuesday, monday - MINUTE_US, monday)).toEqual(ofDay('03'))
    const first = at('00:00', '2026-04-01')
    expect(due(tuesday, first - MINUTE_US, first)).toEqual(['2026-03-02T03', '2026-03-17T03'])
  })

  test('owe the hours of all that ended over an outage at once', () => {
    const before = state({ stale: hours('03:00', '05:00', '20:00'), exact: LATE })
    expect(due(before, at('04:30'), at('13:00'))).toEqual(ofDay('03', '05'))
  })

  test('owe nothing for buckets that lie in the exact stretch, though their hour is stale', () => {
    const before = state({ stale: hours('12:00'), exact: exact('12:20', '15:38') })
    expect(due(before, at('12:30'), at('12:31'))).toEqual([])
    expect(due(before, at('12:19'), at('12:20'))).toEqual(ofDay('12'))
    // The quarter of an hour began before the stretch, the five minutes did not.
    expect(due(before, at('12:24'), at('12:25'))).toEqual([])
    expect(due(before, at('12:29'), at('12:30'))).toEqual(ofDay('12'))
  })

  test('owe the hour where they come due beyond the exact stretch', () => {
    const before = state({ stale: hours('12:00'), exact: exact('12:20', '12:30') })
    expect(due(before, at('12:29'), at('12:31'))).toEqual(ofDay('12'))
  })

  test('keep what was owed before', () => {
    const before = state({ stale: hours('03:00', '11:00'), owed: hours('03:00'), exact: LATE })
    expect(due(before, at('11:59'), at('12:00'))).toEqual(ofDay('03', '11'))
  })

  test('are none while the moment stands still or goes back', () => {
    const before = state({ stale: hours('11:00'), exact: LATE })
    expect(owe(before, at('12:00'), at('12:00'))).toBe(before)
    expect(owe(before, at('12:00'), at('11:00'))).toBe(before)
  })

  test('leave an hour that is marked after they came due unowed', () => {
    const owing = owe(state({ stale: hours('11:00'), exact: LATE }), at('11:59'), at('12:00'))
    const later = markLeft(owing, live([minute('10:30')]))
    expect(due(later, at('12:00'), at('12:00'))).toEqual(ofDay('11'))
    expect(due(later, at('12:00'), at('12:01'))).toEqual(ofDay('11'))
  })
})

describe('closedBy', () => {
  const candle = (timeframe: string, time: string) => ({ timeframe, dateTimeUs: at(time) })

  test('closes what has ended by then, and nothing that has not', () => {
    const isClosed = closedBy(NOTHING_STALE, at('12:00'))
    expect(isClosed(candle('m1', '11:59'))).toBe(true)
    expect(isClosed(candle('m1', '12:00'))).toBe(false)
    expect(isClosed(candle('h1', '11:00'))).toBe(true)
    expect(isClosed(candle('D1', '00:00'))).toBe(false)
    expect(closedBy(NOTHING_STALE, at('12:00') - 1)(candle('h1', '11:00'))).toBe(false)
  })

  test('keeps what has an owed hour open, in every timeframe, and closes what has none', () => {
    const isClosed = closedBy(state({ owed: hours('10:00') }), at('00:00', '2026-03-18'))
    expect(['m1', 'm30', 'h1'].map(name => isClosed(candle(name, '10:00')))).toEqual([false, false, false])
    expect([candle('h3', '09:00'), candle('h4', '08:00'), candle('D1', '00:00')].map(isClosed)).toEqual([
      false,
      false,
      false,
    ])
    expect([candle('m1', '09:59'), candle('m1', '11:00'), candle('h4', '12:00')].map(isClosed)).toEqual([
      true,
      true,
      true,
    ])
  })

  test('keeps what has a damaged hour open, though none of it is owed: it cannot be put together yet', () => {
    const isClosed = closedBy(state({ damaged: hours('10:00') }), at('00:00', '2026-03-18'))
    const waiting = [
      candle('m1', '10:00'),
      candle('h1', '10:00'),
      candle('h4', '08:00'),
      candle('D1', '00:00'),
    ]
    expect(waiting.map(isClosed)).toEqual([false, false, false, false])
    expect([candle('m1', '09:59'), candle('h1', '11:00'), candle('h4', '12:00')].map(isClosed)).toEqual([
      true,
      true,
      true,
    ])
  })

  test('waits for no hour that is stale and not owed', () => {
    expect(closedBy(state({ stale: hours('10:00') }), at('12:00'))(candle('h1', '10:00'))).toBe(true)
  })

  test('closes what lies whole in the exact stretch, though its hour is owed', () => {
    const isClosed = closedBy(state({ owed: hours('10:00'), exact: exact('10:20', '10:40') }), at('12:00'))
    expect(isClosed(candle('m1', '10:20'))).toBe(true)
    expect(isClosed(candle('m1', '10:39'))).toBe(true)
    expect(isClosed(candle('m1', '10:40'))).toBe(false)
    expect(isClosed(candle('m15', '10:15'))).toBe(false)
    expect(isClosed(candle('h1', '10:00'))).toBe(false)
  })
})
