import { describe, expect, test } from 'vitest'
import { chooseRound, type Touch } from '../../lib/rollup/chooseRound.ts'
import { advance, EMPTY_VECTOR, type OffsetVector } from '../../lib/tables/offsetVector.ts'

const DAY = 86_400_000_000
const MINUTE = 60_000_000
const touch = (partition: number, firstOffset: number, minuteUs: number): Touch => ({
  epoch: 0,
  partition,
  firstOffset,
  minuteUs,
})
const vector = (...nexts: number[]): OffsetVector =>
  advance(
    EMPTY_VECTOR,
    nexts.map((next, partition) => ({ epoch: 0, partition, next, timestampMs: 0 })),
  )

describe('chooseRound', () => {
  test('takes everything when the days fit, neighbouring minutes as one stretch', () => {
    const touches = [touch(0, 5, MINUTE), touch(0, 0, 0), touch(1, 0, 10 * MINUTE)]
    expect(chooseRound(touches, vector(6, 1), 2)).toEqual({
      vector: vector(6, 1),
      minutes: [
        { fromUs: 0, toUs: 2 * MINUTE },
        { fromUs: 10 * MINUTE, toUs: 11 * MINUTE },
      ],
    })
  })

  test('stops each partition before its first tick on a day too many', () => {
    const touches = [
      touch(0, 0, 0),
      touch(0, 4, 3 * DAY),
      touch(0, 9, MINUTE),
      touch(1, 7, 0),
      touch(1, 8, 5 * DAY),
    ]
    expect(chooseRound(touches, vector(10, 9), 1)).toEqual({
      vector: vector(4, 8),
      minutes: [{ fromUs: 0, toUs: MINUTE }],
    })
  })

  test('takes no tick at or above the offsets that were looked at', () => {
    const touches = [touch(0, 3, 0), touch(0, 4, 2 * MINUTE)]
    expect(chooseRound(touches, vector(4), 9)).toEqual({
      vector: vector(4),
      minutes: [{ fromUs: 0, toUs: MINUTE }],
    })
  })

  test('goes on in the partition of the lowest offset when each has a day of its own', () => {
    expect(chooseRound([touch(0, 8, 0), touch(1, 2, DAY)], vector(9, 3), 1).vector).toEqual(vector(8, 3))
  })

  test('no more than 200 stretches, however scattered the minutes are', () => {
    const scattered = Array.from({ length: 700 }, (_, i) => touch(0, i, i * 2 * MINUTE))
    const { minutes } = chooseRound(scattered, vector(700), 10)
    expect(minutes.length).toBeLessThanOrEqual(200)
    expect(minutes[0]?.fromUs).toBe(0)
    expect(minutes.at(-1)?.toUs).toBe(1398 * MINUTE + MINUTE)
  })

  test('nothing touched is nothing to do', () => {
    expect(chooseRound([], vector(5), 1)).toEqual({ vector: vector(5), minutes: [] })
  })
})
