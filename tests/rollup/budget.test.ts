import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Budget, minuteBudget, UNBOUNDED } from '../../lib/rollup/budget.ts'

const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
/** The budget of a call that began with a minute, as it is so many milliseconds later; the function has so much time left. */
function budget(intoMinuteMs: number, remainingMs = 300_000, beganMs = 0): Budget {
  const clock = { nowMs: NOON_MS + beganMs }
  const made = minuteBudget(
    () => clock.nowMs,
    () => remainingMs,
  )
  clock.nowMs = NOON_MS + intoMinuteMs
  return made
}

describe('a call’s minute', () => {
  test.each([
    [0, true],
    [49_999, true],
    [50_000, false],
    [59_999, false],
    [60_000, false],
    [90_000, false],
  ])('%d ms after noon a round of the backlog may begin: %s', (intoMinuteMs, mayBegin) => {
    expect(budget(intoMinuteMs).mayBegin()).toBe(mayBegin)
  })

  test('is over for a call whose round ended in the next one: that has a call of its own', () => {
    for (const intoMinuteMs of [61_000, 90_000, 120_000]) {
      expect(budget(intoMinuteMs, 240_000, 49_900).mayBegin()).toBe(false)
      expect(budget(intoMinuteMs, 240_000, 49_900).statementMs()).toBe(1_000)
    }
  })

  test.each([
    ['two seconds before its minute, by a clock that is slow', -2_000, true],
    ['longer before: it is a late one of the minute that ends', -2_001, false],
  ])('of a call that begins %s', (_, beganMs, isOfNext) => {
    expect(budget(beganMs, 300_000, beganMs).mayBegin()).toBe(isOfNext)
    expect(budget(49_999, 300_000, beganMs).mayBegin()).toBe(isOfNext)
    expect(budget(50_000, 300_000, beganMs).mayBegin()).toBe(false)
  })

  test('no round begins in a function’s last 20 seconds', () => {
    expect(budget(0, 20_001).mayBegin()).toBe(true)
    expect(budget(0, 20_000).mayBegin()).toBe(false)
  })

  test.each([
    [0, 55_000],
    [10_000, 45_000],
    [49_999, 5_001],
  ])('%d ms into the minute a statement has %d ms: it ends at second 55', (intoMinuteMs, statementMs) => {
    expect(budget(intoMinuteMs).statementMs()).toBe(statementMs)
  })

  test('a statement leaves the function 10 seconds for the commit', () => {
    expect(budget(0, 30_000).statementMs()).toBe(20_000)
  })

  test('a statement has a second at least: it would fail at once with less', () => {
    expect(budget(54_900).statementMs()).toBe(1_000)
    expect(budget(59_000).statementMs()).toBe(1_000)
    expect(budget(0, 5_000).statementMs()).toBe(1_000)
  })

  test('what may begin ends by second 55 and leaves the function time, whenever that is', () => {
    fc.assert(
      fc.property(fc.nat(57_999), fc.nat(120_000), fc.nat(900_000), (beganMs, lasted, remainingMs) => {
        const intoMinuteMs = beganMs + lasted
        const { mayBegin, statementMs } = budget(intoMinuteMs, remainingMs, beganMs)
        if (!mayBegin()) return
        expect(intoMinuteMs + statementMs()).toBeLessThanOrEqual(55_000)
        expect(statementMs()).toBeLessThanOrEqual(remainingMs - 10_000)
      }),
    )
  })

  test('it follows the clock: asked later, there is less', () => {
    const clock = { nowMs: NOON_MS }
    const { mayBegin, statementMs } = minuteBudget(
      () => clock.nowMs,
      () => 300_000,
    )
    expect([mayBegin(), statementMs()]).toEqual([true, 55_000])
    clock.nowMs += 52_000
    expect([mayBegin(), statementMs()]).toEqual([false, 3_000])
  })

  test('a call that has all the time there is may always begin', () => {
    expect([UNBOUNDED.mayBegin(), UNBOUNDED.statementMs()]).toEqual([true, 60_000])
  })
})
