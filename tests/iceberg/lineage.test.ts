import { describe, expect, test } from 'vitest'
import { asOf, headOf, type Lineage, lineageSince } from '../../lib/iceberg/lineage.ts'
import type { HasMetadata, Snapshot } from '../../lib/iceberg/metadata.ts'

/** A table whose snapshots have their sequence numbers for ids, each with its parent: `[7]: 5` was made on 5. */
function table(
  parents: Readonly<Record<number, number | undefined>>,
  current: number,
  { branch, last }: { branch?: number; last?: number } = {},
): HasMetadata {
  const numbers = Object.keys(parents).map(Number)
  const snapshots = numbers.map(n => {
    const parent = parents[n]
    return {
      snapshotId: BigInt(n),
      ...(parent === undefined ? {} : { parentSnapshotId: BigInt(parent) }),
      sequenceNumber: n,
    } as Snapshot
  })
  const ref = (n: number) => ({ snapshotId: BigInt(n), type: 'branch' as const })
  const refs = { main: ref(current), ...(branch === undefined ? {} : { audit: ref(branch) }) }
  const lastSequenceNumber = last ?? Math.max(...numbers)
  return {
    metadata: { snapshots, refs, lastSequenceNumber, currentSnapshotId: BigInt(current) },
  } as unknown as HasMetadata
}

function told({ since, hasGap, undone }: Lineage) {
  const numbers = (some: readonly Snapshot[]) => some.map(({ sequenceNumber }) => sequenceNumber)
  const snapshots = undone?.snapshots
  return {
    since: numbers(since),
    hasGap,
    undone: undone && {
      ...undone,
      snapshots: snapshots === 'unknown' ? snapshots : numbers(snapshots ?? []).sort(),
    },
  }
}

describe('what happened to a table since a version', () => {
  test.each([
    ['nothing', table({ 1: undefined, 2: 1 }, 2), 2, { since: [] }],
    ['two commits, the oldest first', table({ 1: undefined, 2: 1, 3: 2 }, 3), 1, { since: [2, 3] }],
    [
      'a commit, and one on a branch',
      table({ 1: undefined, 2: 1, 3: 1 }, 3, { branch: 2 }),
      1,
      { since: [3] },
    ],
    ['older ones are expired', table({ 3: 2, 4: 3 }, 4), 3, { since: [4] }],
    ['all older ones are expired', table({ 4: 3 }, 4), 3, { since: [4] }],
    [
      'one that is expired since',
      table({ 4: 3 }, 4),
      2,
      { since: [4], hasGap: true, undone: { from: 3, snapshots: 'unknown' } },
    ],
    [
      'the last one is rolled back',
      table({ 1: undefined, 2: 1, 3: 2 }, 2),
      2,
      { since: [], undone: { from: 3, snapshots: [3] } },
    ],
    [
      'two are rolled back, and one came in their place',
      table({ 1: undefined, 2: 1, 3: 2, 4: 3, 5: 2 }, 5),
      2,
      { since: [5], undone: { from: 3, snapshots: [3, 4, 5] } },
    ],
    [
      'back to one that was rolled back before',
      table({ 1: undefined, 2: 1, 3: 2, 4: 1 }, 3),
      3,
      { since: [], undone: { from: 4, snapshots: [2, 3, 4] } },
    ],
    [
      'one was rolled back and expired',
      table({ 1: undefined, 2: 1 }, 2, { last: 3 }),
      2,
      { since: [], undone: { from: 3, snapshots: 'unknown' } },
    ],
  ])('%s', (_, of, sequenceNumber, expected) => {
    expect(told(lineageSince(of, sequenceNumber))).toEqual({ hasGap: false, undone: undefined, ...expected })
  })

  test('a table as it was at a snapshot has the head that readers see', () => {
    const now = table({ 1: undefined, 2: 1, 3: 2 }, 3)
    const then = asOf(now, now.metadata.snapshots[0]!)
    expect(told(lineageSince(then, 0)).since).toEqual([1])
    expect(headOf(then)?.sequenceNumber).toBe(3)
  })
})
