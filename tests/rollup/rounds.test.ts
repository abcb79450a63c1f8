import { describe, expect, test } from 'vitest'
import { CommitConflict, CommitRejected, CommitUnknown } from '../../lib/iceberg/errors.ts'
import { Pace } from '../../lib/rollup/pace.ts'
import { doRounds, type RoundResult } from '../../lib/rollup/rounds.ts'
import { QueryFailed, QueryTimedOut } from '../../lib/trino/errors.ts'

const DONE: RoundResult = { changed: 2, hasMore: false, progress: {} }
const MORE: RoundResult = { changed: 1, hasMore: true, progress: { behind: 7 } }
const AN_HOUR = () => 3_600_000

/** Rounds that go as told; `halved` counts how often they were made smaller. */
async function run(outcomes: (RoundResult | Error)[], remainingMs = AN_HOUR, smallest = 99) {
  const lines: unknown[] = []
  const log = { debug: (_: string, fields?: object) => void lines.push(fields), info() {}, warn() {} }
  let halved = 0
  const round = async () => {
    const outcome = outcomes.shift()
    if (outcome === undefined) throw new Error('a round too many')
    if (outcome instanceof Error) throw outcome
    return outcome
  }
  const total = await doRounds(log, { round, halve: () => ++halved < smallest }, remainingMs)
  return { ...total, halved, left: outcomes.length, lines }
}

const tooLarge = () =>
  new QueryFailed('q', {
    message: 'm',
    errorName: 'EXCEEDED_LOCAL_MEMORY_LIMIT',
    errorType: 'INSUFFICIENT_RESOURCES',
  })
const wrong = () => new QueryFailed('q', { message: 'm', errorName: 'SYNTAX_ERROR', errorType: 'USER_ERROR' })

describe('doRounds', () => {
  test('goes on while there is more, and sums up; one line a round', async () => {
    const { lines, ...total } = await run([MORE, MORE, DONE])
    expect(total).toMatchObject({ rounds: 3, changed: 4, left: 0 })
    expect(lines).toMatchObject([{ rounds: 1, changed: 1, behind: 7 }, { rounds: 2 }, { rounds: 3 }])
  })

  test('says nothing of the one round that is enough', async () => {
    expect(await run([DONE])).toMatchObject({ rounds: 1, lines: [] })
  })

  test('leaves the rest to the next call when no round more would end in time', async () => {
    expect(await run([MORE, MORE], () => 89_000)).toMatchObject({ rounds: 1, left: 1 })
  })

  test('begins again after lost races and unknown outcomes, and gives up after 8 in a row', async () => {
    const unsure = [new CommitConflict('409'), new CommitUnknown('no answer')]
    expect(await run([...unsure, MORE, ...unsure, DONE])).toMatchObject({ rounds: 2, changed: 3, halved: 0 })
    await expect(run(Array.from({ length: 8 }, () => new CommitConflict('409')))).rejects.toThrow('409')
  })

  test('comes back at half the size when Trino does not finish, or has not the memory', async () => {
    const outcomes = [new QueryTimedOut('q', 60_000), tooLarge(), MORE, DONE]
    expect(await run(outcomes)).toMatchObject({ rounds: 2, halved: 2 })
  })

  test('fails when it cannot be smaller, has no time, or is simply wrong', async () => {
    const timedOut = new QueryTimedOut('q', 60_000)
    await expect(run([timedOut, DONE], AN_HOUR, 1)).rejects.toBe(timedOut)
    await expect(run([timedOut, DONE], () => 1)).rejects.toBe(timedOut)
    await expect(run([wrong(), DONE])).rejects.toThrow('SYNTAX_ERROR')
    await expect(run([new CommitRejected('no'), DONE])).rejects.toThrow('no')
  })
})

describe('Pace', () => {
  const largest = { ticks: 1_000, files: 100, days: 8, storedRows: 5_000 }

  test('begins with a quarter, doubles while rounds are quick, and never passes the largest', () => {
    const pace = new Pace(largest)
    expect(pace.limits).toEqual({ ticks: 250, files: 25, days: 2, storedRows: 5_000 })
    pace.tell(1)
    expect(pace.limits.ticks).toBe(500)
    pace.tell(60_000)
    expect(pace.limits.ticks).toBe(500)
    pace.tell(1)
    pace.tell(1)
    expect(pace.limits).toEqual(largest)
  })

  test('halves until a round is of one tick, one file and one day', () => {
    const pace = new Pace(largest)
    let times = 0
    while (pace.halve()) times += 1
    expect(times).toBe(8)
    expect(pace.limits).toEqual({ ticks: 1, files: 1, days: 1, storedRows: 5_000 })
  })
})
