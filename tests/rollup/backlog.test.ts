import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isInShare } from '../../lib/rollup/symbolShare.ts'
import { type Call, type Cost, callEachMinute } from '../support/minutesOfCalls.ts'
import { type Asked, addTicks, candlesIn } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const HOUR_MS = 3_600_000

let world: World
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  world = await newWorld()
})
afterEach(() => void vi.useRealTimers())

/** Leaves so many past hours to the backlog, a tick in each, and calls until it is done: for 12 minutes at most. */
async function catchUp(hours: number, cost: Cost, everyHours = 1): Promise<Call[]> {
  const { nowMs } = world.clock
  const timeOf = (i: number) => new Date(nowMs - (i * everyHours + 3) * HOUR_MS).toISOString().slice(0, 19)
  await addTicks(
    world,
    Array.from({ length: hours }, (_, i) => timeOf(i)),
  )
  return callEachMinute(world, cost, 12)
}
/** A symbol that is in one of so many shares. */
function symbolOfShare(index: number, count: number): string {
  for (let i = 0; ; i++) if (isInShare({ index, count }, `x${i}`)) return `x${i}`
}
const stale = (calls: readonly Call[]) => calls.map(({ hoursStale }) => hoursStale)
const failures = (calls: readonly Call[]) =>
  calls.map(({ asked }) => asked.filter(each => each.endsWith('!')).length)
const longestWaitMs = (calls: readonly Call[]) => Math.max(...calls.map(({ waitedMs }) => waitedMs))

describe('a backlog of hours that are more than a call can do', () => {
  test('ends: 30 hours of 3 s each take 3 minutes, though a day takes longer than one', async () => {
    const calls = await catchUp(30, { ms: ({ hours }) => hours * 3_000 })
    expect(stale(calls)).toEqual([30, 12, 0])
  })

  test('goes on at the pace that the call before has found: no statement is too slow a second time', async () => {
    const calls = await catchUp(30, { ms: ({ hours }) => hours * 3_000 })
    expect(calls.map(({ asked }) => asked)).toEqual([
      ['24/1!', '12/1!', '6/1!'],
      ['3/1', '6/1', '6/1', '3/1'],
      ['6/1', '6/1'],
    ])
  })

  test('begins no round of as many hours as the time that is left is known not to be enough for', async () => {
    const calls = await catchUp(60, { ms: ({ hours }) => hours * 2_500 })
    expect(stale(calls).at(-1)).toBe(0)
    expect(failures(calls.slice(1)).every(count => count === 0)).toBe(true)
  })

  test('gives up a statement of several hours after 20 s, and one of a single hour when its minute is over', async () => {
    const calls = await catchUp(2, { ms: ({ hours }) => (hours > 1 ? 20_001 : 33_000) })
    expect(calls.map(({ asked }) => asked)).toEqual([['2/1!', '1/1'], ['1/1']])
  })
})

describe('an hour that is too large for one statement', () => {
  const inSharesOf = (count: number) => ({
    isTooMuch: ({ hours, shares }: Asked) => hours > 1 || shares < count,
  })

  test('is done in shares: 3 hours that must be halved end in 2 minutes', async () => {
    const calls = await catchUp(3, { ms: () => 3_500, ...inSharesOf(2) })
    expect(stale(calls).at(-1)).toBe(0)
    expect(calls.length).toBeLessThanOrEqual(2)
  })

  test('is gone on with by the next call: in 8 shares of 9 s each it takes 2 minutes, and no share is done twice', async () => {
    const calls = await catchUp(1, { ms: () => 9_000, ...inSharesOf(8) })
    expect(calls.map(({ asked }) => asked)).toEqual([
      ['1/1!', '1/2!', '1/4!', '1/8', '1/8', '1/8'],
      ['1/8', '1/8', '1/8', '1/8', '1/8'],
    ])
    expect(stale(calls)).toEqual([1, 0])
  })

  test('has no share begun that its minute has not the time for: given up, it would be divided, and all begun again', async () => {
    const calls = await catchUp(1, { ms: () => 12_000, ...inSharesOf(8) })
    expect(calls.map(({ asked }) => asked)).toEqual([
      ['1/1!', '1/2!', '1/4!', '1/8'],
      ['1/8', '1/8', '1/8', '1/8'],
      ['1/8', '1/8', '1/8'],
    ])
  })

  test('is done, all shares of it, though a tick comes into it each minute', async () => {
    const symbols = Array.from({ length: 8 }, (_, index) => symbolOfShare(index, 8))
    await addTicks(world, ['2026-03-01T09:00:00'], { symbols })
    const meanwhile = () => addTicks(world, ['2026-03-01T09:01:00'], { symbols: symbols.slice(0, 1) })
    await callEachMinute(world, { ms: () => 9_000, meanwhile, ...inSharesOf(8) }, 3)
    const candles = (await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')
    expect(new Set(candles.map(({ symbol }) => symbol))).toEqual(new Set(symbols))
  })

  test('leaves the others whole again: 40 of them end in 5 minutes, though Trino had no memory for a while', async () => {
    let hasMemory = false
    const isTooMuch = ({ shares }: Asked) => {
      hasMemory ||= shares === 64
      return !hasMemory
    }
    const calls = await catchUp(40, { ms: ({ hours }) => 300 + hours * 10, afterMs: 600, isTooMuch })
    expect(stale(calls).at(-1)).toBe(0)
    expect(calls.length).toBeLessThanOrEqual(5)
  })
})

describe('the next minute’s live candles', () => {
  test('wait for no round of the backlog, where a commit takes the 5 seconds that are left for it', async () => {
    const calls = await catchUp(600, { ms: () => 4_000, afterMs: 5_000 }, 2)
    expect(stale(calls).at(-1)).toBe(0)
    expect(longestWaitMs(calls)).toBe(0)
  })

  test('wait for one commit and no other round, where it takes longer', async () => {
    const calls = await catchUp(600, { ms: () => 4_000, afterMs: 11_500 }, 2)
    expect(stale(calls).at(-1)).toBe(0)
    expect(longestWaitMs(calls)).toBeLessThanOrEqual(5_000)
  })
})
