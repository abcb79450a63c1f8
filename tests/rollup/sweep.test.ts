import { describe, expect, test } from 'vitest'
import { HourSet } from '../../lib/market/hours.ts'
import { HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import {
  clear,
  hoursToDo,
  joinSweep,
  MAX_REST_US,
  mayJoin,
  shareDone,
  withoutHours,
} from '../../lib/rollup/staleHours.ts'
import { ALL_SYMBOLS } from '../../lib/rollup/symbolShare.ts'
import { NOTHING_STALE } from '../../lib/tables/candlesState.ts'
import { exact, exactOf, hours, listed, NOW_US, ofDay, state } from '../support/staleHours.ts'

const NOTHING = { flooded: HourSet.EMPTY, failed: HourSet.EMPTY }

describe('a sweep', () => {
  test('begins when its first hour joins, and not again with those that join it', () => {
    const begun = joinSweep(NOTHING_STALE, hours('03:00'), 5)
    expect(begun).toMatchObject({ sweepBeganUs: 5 })
    const joined = joinSweep(begun, hours('04:00'), 9)
    expect(joined.sweepBeganUs).toBe(5)
    expect(listed(joined.sweep)).toEqual(ofDay('03', '04'))
  })

  test('does not begin with no hour', () => {
    expect(joinSweep(NOTHING_STALE, HourSet.EMPTY, 5)).toBe(NOTHING_STALE)
  })

  test('takes all stale hours when the last one’s rest is over', () => {
    const before = state({ stale: hours('03:00', '04:00'), restUntilUs: NOW_US, staleSinceUs: NOW_US })
    const todo = hoursToDo(before, NOTHING, NOW_US)
    expect(listed(todo.sweep)).toEqual(ofDay('03', '04'))
    expect(todo.sweepBeganUs).toBe(NOW_US)
  })

  test('does not begin while the last one rests: what is stale waits, what is owed does not', () => {
    const before = state({ stale: hours('03:00'), restUntilUs: NOW_US + 1, owed: hours('03:00') })
    const todo = hoursToDo(before, NOTHING, NOW_US)
    expect(todo.sweep.isEmpty).toBe(true)
    expect(listed(todo.owed)).toEqual(ofDay('03'))
  })

  test('begins at once where its rest was measured by a clock that has gone back an hour since', () => {
    const before = state({ stale: hours('03:00'), restUntilUs: NOW_US + HOUR_US })
    expect(listed(hoursToDo(before, NOTHING, NOW_US).sweep)).toEqual(ofDay('03'))
  })

  test('is not joined by what is marked while it is under way: an hour is done once a sweep', () => {
    const before = state({ stale: hours('03:00', '04:00'), sweep: hours('03:00') })
    expect(hoursToDo(before, NOTHING, NOW_US)).toEqual(before)
  })

  test('leaves out what a flood still fills, until the oldest mark is 5 minutes old', () => {
    const before = state({ stale: hours('03:00', '04:00'), staleSinceUs: NOW_US })
    const flooded = hours('04:00')
    expect(listed(hoursToDo(before, { ...NOTHING, flooded }, NOW_US + MAX_REST_US - 1).sweep)).toEqual(
      ofDay('03'),
    )
    expect(listed(hoursToDo(before, { ...NOTHING, flooded }, NOW_US + MAX_REST_US).sweep)).toEqual(
      ofDay('03', '04'),
    )
    expect(MAX_REST_US).toBe(5 * MINUTE_US)
  })

  test('goes on without what has failed, and ends without it', () => {
    const before = state({
      stale: hours('03:00', '04:00', '05:00'),
      sweep: hours('03:00', '04:00'),
      sweepBeganUs: NOW_US - 10_000_000,
    })
    const todo = hoursToDo(before, { ...NOTHING, failed: hours('03:00') }, NOW_US)
    expect([todo.stale, todo.sweep].map(listed)).toEqual([ofDay('03', '04', '05'), ofDay('04')])
    expect(clear(todo, hours('04:00'), NOW_US).restUntilUs).toBe(NOW_US + 40_000_000)
  })

  test('begins with all that is stale and has not failed, where nothing else was left of the last one', () => {
    const before = state({ stale: hours('03:00', '04:00'), sweep: hours('03:00'), staleSinceUs: NOW_US })
    const failed = hours('03:00')
    expect(listed(hoursToDo(before, { ...NOTHING, failed }, NOW_US).sweep)).toEqual(ofDay('04'))
    const late = NOW_US + MAX_REST_US
    expect(listed(hoursToDo(before, { ...NOTHING, failed }, late).sweep)).toEqual(ofDay('04'))
  })

  test('takes no owed or damaged hour from what is to be done where it has failed: its candles wait for it', () => {
    const before = state({ stale: hours('03:00'), owed: hours('03:00'), damaged: hours('03:00') })
    const todo = hoursToDo(before, { ...NOTHING, failed: hours('03:00') }, NOW_US)
    expect([todo.owed, todo.damaged].map(listed)).toEqual([ofDay('03'), ofDay('03')])
  })

  test('waits for no flood where the mark’s age was measured by a clock that has gone back an hour since', () => {
    const before = state({ stale: hours('04:00'), staleSinceUs: NOW_US + HOUR_US })
    expect(listed(hoursToDo(before, { ...NOTHING, flooded: hours('04:00') }, NOW_US).sweep)).toEqual(
      ofDay('04'),
    )
  })
})

describe('a delivery of many hours', () => {
  test('joins the sweep, unless one began less than 5 minutes ago: what comes minute by minute is a trickle', () => {
    const begun = state({ sweep: hours('03:00'), sweepBeganUs: NOW_US })
    expect(mayJoin(begun, NOW_US)).toBe(false)
    expect(mayJoin(begun, NOW_US + MAX_REST_US - 1)).toBe(false)
    expect(mayJoin(begun, NOW_US + MAX_REST_US)).toBe(true)
    expect(mayJoin(NOTHING_STALE, NOW_US)).toBe(true)
  })

  test('joins one whose beginning was measured by a clock that has gone back an hour since', () => {
    expect(mayJoin(state({ sweepBeganUs: NOW_US + HOUR_US }), NOW_US)).toBe(true)
  })
})

describe('hours that are left to a later call', () => {
  test('are none that is to be done, of any kind', () => {
    const before = state({
      owed: hours('03:00', '04:00'),
      damaged: hours('04:00', '05:00'),
      sweep: hours('05:00', '09:00'),
    })
    const { owed, damaged, sweep } = withoutHours(before, hours('04:00', '05:00'))
    expect([owed, damaged, sweep].map(listed)).toEqual([ofDay('03'), [], ofDay('09')])
  })
})

describe('hours that were recomputed', () => {
  const before = state({
    stale: hours('03:00', '04:00', '05:00', '09:00'),
    owed: hours('03:00', '04:00'),
    damaged: hours('04:00', '05:00'),
    sweep: hours('03:00', '05:00'),
    sweepBeganUs: NOW_US - 10_000_000,
    staleSinceUs: NOW_US - 20_000_000,
    exact: exact('10:00', '15:38'),
  })

  test('are neither stale, owed nor damaged any more, and no part of the sweep', () => {
    const { stale, owed, damaged, sweep } = clear(before, hours('04:00', '05:00'), NOW_US)
    expect([stale, owed, damaged, sweep].map(listed)).toEqual([
      ofDay('03', '09'),
      ofDay('03'),
      [],
      ofDay('03'),
    ])
  })

  test('end the sweep with its last one, which is followed by a rest of 4 times as long as it took', () => {
    expect(clear(before, hours('03:00'), NOW_US).restUntilUs).toBe(0)
    expect(clear(before, hours('03:00', '05:00'), NOW_US).restUntilUs).toBe(NOW_US + 40_000_000)
  })

  test('begin no rest after a sweep of 5 seconds: late ticks of each minute are done in it', () => {
    const all = hours('03:00', '05:00')
    const rest = (tookUs: number) =>
      clear({ ...before, sweepBeganUs: NOW_US - tookUs }, all, NOW_US).restUntilUs - NOW_US
    expect(rest(5_000_000)).toBe(0)
    expect(rest(5_000_001)).toBe(20_000_004)
  })

  test('give a long sweep 5 minutes of rest, and one that a clock’s step back ends before it began none', () => {
    const all = hours('03:00', '05:00')
    expect(clear({ ...before, sweepBeganUs: 0 }, all, NOW_US).restUntilUs).toBe(NOW_US + MAX_REST_US)
    expect(clear({ ...before, sweepBeganUs: NOW_US + 1 }, all, NOW_US).restUntilUs).toBe(NOW_US)
  })

  test('begin no rest where history came in: more of it goes on at once', () => {
    const all = hours('03:00', '05:00')
    expect(clear(before, all, NOW_US, false).restUntilUs).toBe(NOW_US)
    expect(shareDone(before, all, ALL_SYMBOLS, NOW_US, false).restUntilUs).toBe(NOW_US)
    expect(shareDone(before, all, ALL_SYMBOLS, NOW_US, true).restUntilUs).toBe(NOW_US + 40_000_000)
  })

  test('begin no rest where they were owed, and none of a sweep', () => {
    const owed = state({ stale: hours('03:00'), owed: hours('03:00'), restUntilUs: 7 })
    expect(clear(owed, hours('03:00'), NOW_US)).toMatchObject({ restUntilUs: 7, owed: HourSet.EMPTY })
  })

  test('make all before the exact stretch exact, back to the last hour that is still stale', () => {
    expect(exactOf(clear(before, hours('09:00'), NOW_US))).toEqual(['06:00', '15:38'])
    expect(exactOf(clear(before, hours('03:00', '04:00', '05:00', '09:00'), NOW_US))).toEqual([
      'ever',
      '15:38',
    ])
    expect(exactOf(clear(before, hours('03:00'), NOW_US))).toEqual(['10:00', '15:38'])
  })

  test('leave the stretch as it is where an hour within it is stale', () => {
    const within = state({ stale: hours('09:00', '12:00'), exact: exact('12:20', '15:38') })
    expect(exactOf(clear(within, hours('09:00'), NOW_US))).toEqual(['12:20', '15:38'])
  })

  test('do not reach beyond the stretch’s end: a stale hour there changes nothing', () => {
    const ahead = state({ stale: hours('09:00', '18:00'), exact: exact('10:00', '15:38') })
    expect(exactOf(clear(ahead, hours('09:00'), NOW_US))).toEqual(['ever', '15:38'])
  })

  test('are stale since no moment once none is', () => {
    expect(clear(before, hours('03:00'), NOW_US).staleSinceUs).toBe(before.staleSinceUs)
    expect(clear(before, before.stale, NOW_US).staleSinceUs).toBe(0)
  })
})
