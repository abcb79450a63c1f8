import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterAnswer,
  afterFailure,
  backoffMs,
  countRecords,
  partByAge,
  type Work,
} from '../../batching/retry.ts'
import { slice } from '../support/records.ts'

const endless = { maximumRetries: Number.POSITIVE_INFINITY, bisect: false }
const work = (...slices: Work['slices']): Work => ({ slices, attempts: 0 })
const offsets = ({ slices }: Work) =>
  slices.flatMap(({ partition, records }) => records.map(one => `${partition}:${one.offset}`))

describe('afterAnswer', () => {
  it('commits every partition of a batch in which nothing failed', () => {
    const verdict = afterAnswer(work(slice(0, 0, 3), slice(1, 5, 7)), new Map(), endless)
    expect([...verdict.done]).toEqual([
      [0, 3],
      [1, 7],
    ])
    expect(verdict.again).toEqual([])
  })

  it('commits below the failed offset 1 of partition 0 and all of partition 1, and tries offsets 1 and 2 again', () => {
    const verdict = afterAnswer(work(slice(0, 0, 3), slice(1, 5, 7)), new Map([[0, 1]]), endless)
    expect([...verdict.done]).toEqual([
      [0, 1],
      [1, 7],
    ])
    expect(verdict.again.map(offsets)).toEqual([['0:1', '0:2']])
    expect(verdict.again[0]!.attempts).toBe(1)
  })

  it('commits nothing of a partition whose first record failed', () => {
    expect(afterAnswer(work(slice(0, 0, 3)), new Map([[0, 0]]), endless).done.size).toBe(0)
  })
})

describe('afterFailure', () => {
  it('tries the same batch again without end', () => {
    const tried = { ...work(slice(0, 0, 3)), attempts: 1_000_000 }
    expect(afterFailure(tried, endless).again[0]!.slices).toBe(tried.slices)
  })

  it('gives a batch up after its first attempt and 2 retries', () => {
    const policy = { maximumRetries: 2, bisect: false }
    let next: Work | undefined = work(slice(0, 0, 3))
    let attempts = 0
    while (next !== undefined) {
      attempts++
      next = afterFailure(next, policy).again[0]
    }
    expect(attempts).toBe(3)
  })

  it('splits a batch into halves that are, together and in order, the batch, down to single records', () => {
    const policy = { maximumRetries: 0, bisect: true }
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(sizes, given => {
        const whole = work(...given.map((size, partition) => slice(partition, 0, size)))
        const { again } = afterFailure(whole, policy)
        if (countRecords(whole.slices) === 1) {
          expect(again).toEqual([])
          return
        }
        expect(again.flatMap(offsets)).toEqual(offsets(whole))
        const [first, second] = again.map(({ slices }) => countRecords(slices))
        expect(first! - second!).toBeGreaterThanOrEqual(0)
        expect(first! - second!).toBeLessThanOrEqual(1)
        for (const half of again) {
          for (const one of half.slices) expect(one.nextOffset).toBe(Number(one.records.at(-1)!.offset) + 1)
        }
      }),
    )
  })
})

describe('partByAge', () => {
  it('parts 3 records at the second one, and keeps the offset to commit', () => {
    const { young, old } = partByAge(work(slice(0, 0, 3)), 1_700_000_000_001)
    expect(offsets(old!)).toEqual(['0:0'])
    expect(offsets(young!)).toEqual(['0:1', '0:2'])
    expect(young!.slices[0]!.nextOffset).toBe(3)
    expect(partByAge(work(slice(0, 0, 3)), 0).old).toBeUndefined()
  })
})

describe('backoffMs', () => {
  it('doubles from 1 s to 30 s and stays there', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 1000].map(n => backoffMs(n, { minMs: 1000, maxMs: 30_000 }))
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })
})
