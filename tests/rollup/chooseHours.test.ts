import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOfHour, HourSet } from '../../lib/market/hours.ts'
import { chooseHours } from '../../lib/rollup/backlogRound.ts'
import { type HoursToDo, withoutHours } from '../../lib/rollup/staleHours.ts'

type Lists = Partial<Record<keyof HoursToDo, readonly number[]>>

function hoursOf({ owed = [], damaged = [], sweep = [] }: Lists): HoursToDo {
  return { owed: HourSet.of(owed), damaged: HourSet.of(damaged), sweep: HourSet.of(sweep) }
}
const allOf = ({ owed, damaged, sweep }: HoursToDo) => owed.union(damaged).union(sweep)
const choose = (lists: Lists, most: number) => [...chooseHours(hoursOf(lists), most).hours()]
const run = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('the hours of a round', () => {
  test('are none where nothing is to be done', () => {
    expect(choose({}, 24)).toEqual([])
  })

  test('are the newest of a sweep, as many as a round takes', () => {
    expect(choose({ sweep: run(0, 100) }, 24)).toEqual(run(76, 100))
    expect(choose({ sweep: [3, 30, 300] }, 2)).toEqual([30, 300])
    expect(choose({ sweep: [3, 30, 300] }, 24)).toEqual([3, 30, 300])
  })

  test('are those of the newest day that has an owed one, with all that is to be done of it and before it', () => {
    expect(choose({ owed: [30], sweep: [3, 24, 47, 48, 300] }, 24)).toEqual([3, 24, 30, 47])
  })

  test('are owed ones first where a day has more than a round takes', () => {
    expect(choose({ owed: [2, 3], sweep: run(4, 24) }, 1)).toEqual([3])
    expect(choose({ owed: [2, 3], sweep: run(4, 24) }, 4)).toEqual([2, 3, 22, 23])
  })

  test('are owed ones first, also where a year is damaged', () => {
    expect(choose({ damaged: run(400_000, 408_760), owed: [410_000] }, 1)).toEqual([410_000])
    expect(choose({ damaged: run(400_000, 408_760), owed: [400_100] }, 1)).toEqual([400_100])
  })

  test('are damaged ones with what else there is of their day and before it, while none is owed', () => {
    expect(choose({ damaged: [3, 30], sweep: [4, 31, 301] }, 24)).toEqual([3, 4, 30, 31])
    expect(choose({ damaged: [3, 30], sweep: [4, 31, 301] }, 1)).toEqual([30])
  })

  test('have owed and damaged ones of a day in one round', () => {
    expect(choose({ damaged: [3, 30], owed: [31], sweep: [4, 301] }, 24)).toEqual([3, 4, 30, 31])
    expect(choose({ damaged: [3, 30], owed: [31], sweep: [4, 301] }, 1)).toEqual([31])
  })

  test('make at most 40 stretches: what comes before waits, a day is not divided', () => {
    const everyOther = run(0, 400).filter(hour => hour % 2 === 0)
    const chosen = choose({ sweep: everyOther }, 1_000)
    expect(chosen).toHaveLength(32)
    expect(dayOfHour(chosen[0]!) * 24).toBe(chosen[0])
  })

  test('may be all of 20,000 that follow one another', () => {
    expect(choose({ sweep: run(-10_000, 10_000) }, 20_000)).toHaveLength(20_000)
  })

  test('are some of those to be done, no more than a round takes, until all are done', () => {
    const list = fc.array(fc.integer({ min: -100, max: 300 }), { maxLength: 60 })
    const lists = fc.record({ damaged: list, owed: list, sweep: list })
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 60 }), (all, most) => {
        let hours = hoursOf(all)
        while (!allOf(hours).isEmpty) {
          const chosen = chooseHours(hours, most)
          const [urgent] = [hours.owed, hours.damaged, hours.sweep].filter(({ isEmpty }) => !isEmpty)
          expect(chosen.isEmpty).toBe(false)
          expect(chosen.size).toBeLessThanOrEqual(most)
          expect(chosen.ranges().length).toBeLessThanOrEqual(40)
          expect(chosen.minus(allOf(hours)).isEmpty).toBe(true)
          expect(chosen.has(urgent!.lastHour)).toBe(true)
          hours = withoutHours(hours, chosen)
        }
      }),
    )
  })
})
