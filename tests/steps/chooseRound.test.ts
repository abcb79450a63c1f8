import { describe, expect, test } from 'vitest'
import { chooseRound, type Touch } from '../../lib/steps/chooseRound.ts'

const DAY = 86_400_000_000
const MINUTE = 60_000_000
const touch = (partition: number, firstOffset: number, minuteUs: number): Touch => ({
  epoch: 0,
  partition,
  firstOffset,
  minuteUs,
})

describe('chooseRound', () => {
  test('takes everything when the days fit, neighbouring minutes as one stretch', () => {
    expect(chooseRound([touch(0, 5, MINUTE), touch(0, 0, 0), touch(1, 0, 10 * MINUTE)], 2)).toEqual({
      stops: [],
      minutes: [
        { fromUs: 0, toUs: 2 * MINUTE },
        { fromUs: 10 * MINUTE, toUs: 11 * MINUTE },
      ],
    })
  })

  test('stops each partition before its first tick on a day too many', () => {
    const { stops, minutes } = chooseRound(
      [touch(0, 0, 0), touch(0, 4, 3 * DAY), touch(0, 9, 0 + MINUTE), touch(1, 7, 0), touch(1, 8, 5 * DAY)],
      1,
    )
    expect(stops).toEqual([
      { epoch: 0, partition: 0, next: 4 },
      { epoch: 0, partition: 1, next: 8 },
    ])
    expect(minutes).toEqual([{ fromUs: 0, toUs: MINUTE }])
  })

  test('no more than 200 stretches, however scattered the minutes are', () => {
    const scattered = Array.from({ length: 700 }, (_, i) => touch(0, i, i * 2 * MINUTE))
    const { minutes } = chooseRound(scattered, 10)
    expect(minutes.length).toBeLessThanOrEqual(200)
    expect(minutes[0]?.fromUs).toBe(0)
    expect(minutes.at(-1)?.toUs).toBe(1398 * MINUTE + MINUTE)
  })

  test('nothing touched is nothing to do', () => {
    expect(chooseRound([], 1)).toEqual({ stops: [], minutes: [] })
  })
})
