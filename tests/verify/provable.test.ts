import { describe, expect, test } from 'vitest'
import { HourSet } from '../../lib/market/hours.ts'
import { Provable } from '../../lib/verify/provable.ts'
import { at, exact, hours, state } from '../support/staleHours.ts'

test('the candles of a bucket need not be as their ticks say when an hour of it is held, but of what is stored', () => {
  const provable = new Provable({ hours: state({}), closedUntilUs: at('23:00'), held: hours('10:00') })
  const proved = (from: string, to: string) => [
    provable.isCurrent(at(from), at(to)),
    provable.isPutTogether(at(from), at(to)),
  ]
  expect(proved('10:59', '11:00')).toEqual([false, true])
  expect(proved('08:00', '12:00')).toEqual([false, true])
  expect(proved('09:00', '10:00')).toEqual([true, true])
  expect(proved('11:00', '12:00')).toEqual([true, true])
})

describe('whether the candles of a bucket must be closed', () => {
  const isClosed = (changes: Parameters<typeof state>[0], from: string, to: string) =>
    new Provable({ hours: state(changes), closedUntilUs: at('12:00'), held: HourSet.EMPTY }).isClosed(
      at(from),
      at(to),
    )

  test('is said where nothing holds them open: closed up to the moment, open behind it', () => {
    expect(isClosed({}, '11:00', '12:00')).toBe(true)
    expect(isClosed({}, '11:00', '12:01')).toBe(false)
    expect(isClosed({ stale: hours('10:00') }, '10:00', '11:00')).toBe(true)
  })

  test.each(['owed', 'damaged'] as const)('is not said over an hour that is %s', kind => {
    const changes = { stale: hours('10:00'), [kind]: hours('10:00') }
    expect(isClosed(changes, '10:00', '11:00')).toBeUndefined()
    expect(isClosed(changes, '08:00', '12:00')).toBeUndefined()
    expect(isClosed(changes, '09:00', '10:00')).toBe(true)
    expect(isClosed(changes, '11:00', '12:00')).toBe(true)
    expect(isClosed(changes, '10:00', '14:00')).toBe(false)
  })

  test('is said of what is exact, though its hour is owed', () => {
    const changes = { stale: hours('10:00'), owed: hours('10:00'), exact: exact('10:20', '10:40') }
    expect(isClosed(changes, '10:20', '10:21')).toBe(true)
    expect(isClosed(changes, '10:19', '10:20')).toBeUndefined()
  })
})
