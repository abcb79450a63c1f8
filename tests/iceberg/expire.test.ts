import { describe, expect, it } from 'vitest'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { MemoryCatalog } from '../support/memoryCatalog.ts'
import { openWorld, type World } from './fixtures.ts'

const rounds = (table: Table) => table.metadata.snapshots.map(snapshot => Number(snapshot.summary.round))

async function commitRounds(
  world: World,
  count: number,
  retention: Parameters<World['commit']>[1],
): Promise<Table> {
  let table = await world.load()
  for (let round = 1; round <= count; round++)
    table = await world.commit({ summary: { round: String(round) } }, retention)
  return table
}

describe('snapshots on the list', () => {
  it('all stay when no bound is given', async () => {
    expect(rounds(await commitRounds(await openWorld(), 12, undefined))).toHaveLength(12)
  })

  it('are at most 5 when 5 are kept: the newest', async () => {
    expect(rounds(await commitRounds(await openWorld(), 12, { keepSnapshots: 5 }))).toEqual([
      8, 9, 10, 11, 12,
    ])
  })

  it('always are the newest and its parent, even when 0 are kept', async () => {
    expect(rounds(await commitRounds(await openWorld(), 5, { keepSnapshots: 0 }))).toEqual([4, 5])
  })

  it('keep a tagged one', async () => {
    const world = await openWorld()
    const table = await commitRounds(world, 2, undefined)
    const snapshotId = currentSnapshot(table)?.snapshotId ?? 0n
    await world.catalog.commit(
      world.ident,
      [],
      [{ action: 'set-snapshot-ref', ref: 'audit', type: 'tag', snapshotId }],
    )
    expect(rounds(await commitRounds(world, 6, { keepSnapshots: 3 }))).toEqual([2, 4, 5, 6])
  })

  it('lose what was rolled back only when it is older than the history kept', async () => {
    const world = await openWorld()
    const table = await commitRounds(world, 3, undefined)
    const snapshotId = table.metadata.snapshots[1]!.snapshotId
    await world.catalog.commit(
      world.ident,
      [],
      [{ action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId }],
    )
    const keep = { keepSnapshots: 4 }
    expect(rounds(await world.commit({ summary: { round: '4' } }, keep))).toEqual([1, 2, 3, 4])
    expect(rounds(await world.commit({ summary: { round: '5' } }, keep))).toEqual([1, 2, 3, 4, 5])
    expect(rounds(await world.commit({ summary: { round: '6' } }, keep))).toEqual([2, 3, 4, 5, 6])
    expect(rounds(await world.commit({ summary: { round: '7' } }, keep))).toEqual([4, 5, 6, 7])
  })

  /** One commit a minute for `minutes`, of which the 5 newest are kept, and landmarks for an hour. */
  async function commitMinutes(minutes: number): Promise<number[]> {
    const startMs = Date.UTC(2030, 0, 1)
    const catalog = new MemoryCatalog({ nowMs: () => startMs })
    const world = await openWorld({ catalog })
    let table = await world.load()
    for (let minute = 0; minute <= minutes; minute++) {
      const change = { nowMs: startMs + minute * 60_000 }
      table = await world.commit(change, { keepSnapshots: 5, keepForMs: 3_600_000 })
    }
    return table.metadata.snapshots.map(({ timestampMs }) => minutes - (timestampMs - startMs) / 60_000)
  }

  it('reach back for the hour that is asked for, in steps of a tenth of it', async () => {
    expect(await commitMinutes(180)).toEqual([60, 54, 48, 42, 36, 30, 24, 18, 12, 6, 4, 3, 2, 1, 0])
  })

  it.each([61, 97, 143, 200])(
    'always have one that is older than the hour, after %i minutes',
    async minutes => {
      const agesMinutes = await commitMinutes(minutes)
      expect(Math.max(...agesMinutes)).toBeGreaterThanOrEqual(60)
      expect(Math.max(...agesMinutes)).toBeLessThan(67)
      expect(agesMinutes.length).toBeLessThanOrEqual(5 + 12)
    },
  )
})
