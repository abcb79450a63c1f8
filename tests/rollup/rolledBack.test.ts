import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { givenOut } from '../../lib/rollup/givenOut.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { verify } from '../../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../../lib/verify/verifyTables.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { addTicks, candlesIn, rollBack, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, SETTINGS, type World } from '../support/world.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const LIMITS = { ...VERIFY_LIMITS, publishPatienceMs: 0, pauseMs: 1 }

let world: World
beforeEach(async () => {
  world = await newWorld()
})
const load = (ident = CANDLES_TABLE) => world.catalog.loadTable(ident)
const rollUp = () => rollupCandles(withTrino(world), UNBOUNDED)
const publish = () => publishCandles(world.services, () => 100_000)
const m1 = async () => (await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')
const revisions = async () =>
  Object.fromEntries((await m1()).map(({ symbol, revision }) => [symbol, revision]))

/** What compaction does to a table: a commit that changes no row. `ours` carries the state on, another engine's does not. */
async function compact(isOurs: boolean): Promise<void> {
  const { catalog, services, clock } = world
  const table = await load()
  const remove = await planFiles(services.store, table)
  const summary = isOurs ? carriedState(table) : {}
  // Without the rewritten files in their place: nothing here looks at their rows any more.
  const add = remove.map(({ path, ...file }) => ({ ...file, path: `${path}.merged` }))
  for (const { path } of remove) {
    await services.store.write(`${path}.merged`, await services.store.read(path))
  }
  const staged = await stageSnapshot(services.store, table, { add, remove, summary, nowMs: clock.nowMs })
  await commitSnapshot(catalog, table, staged)
}

describe('ticks that are rolled back', () => {
  test('and forward again are taken in, and no other tick is lost', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    world.clock.nowMs += 1_000
    await addTicks(world, ['2026-03-01T12:00:01.5'])
    const before = await load(TICKS_TABLE)
    await addTicks(world, ['2026-03-01T12:00:02'])
    const after = await load(TICKS_TABLE)
    await rollBack(world, before)
    // The next minute's rollup closes 12:00.
    world.clock.nowMs += MINUTE_MS
    await rollUp()
    expect((await m1()).map(({ volume }) => volume)).toEqual([2])
    await rollBack(world, after)
    world.clock.nowMs += MINUTE_MS
    await rollUp()
    expect((await m1()).map(({ volume }) => volume)).toEqual([3])
  })
})

describe('candles that are rolled back', () => {
  let good: Table
  /** Two symbols of one minute are published, and then once more with a tick more each: that version is rolled back. */
  async function changeAndRollBack(beforeRollback: () => Promise<void> = async () => {}): Promise<void> {
    await addTicks(world, ['2026-03-01T12:00:01'], { symbols: ['x', 'y'] })
    await rollUp()
    await publish()
    good = await load()
    world.clock.nowMs += 1_000
    await addTicks(world, ['2026-03-01T12:00:02'], { symbols: ['x', 'y'], mid: 1.75 })
    await rollUp()
    await publish()
    expect(await revisions()).toEqual({ x: 2, y: 2 })
    await beforeRollback()
    await rollBack(world, good)
  }

  test.each<[string, (() => Promise<void>) | undefined, (() => Promise<void>) | undefined]>([
    ['at once', undefined, undefined],
    ['after a compaction of another engine’s', () => compact(false), undefined],
    ['after a compaction of ours', () => compact(true), undefined],
    ['with a compaction of another engine’s after it', undefined, () => compact(false)],
    ['with a compaction of ours after it', undefined, () => compact(true)],
  ])('get revisions above all that were given out: %s', async (_, before, after) => {
    await changeAndRollBack(before)
    await after?.()
    await rollUp()
    expect(await revisions()).toEqual({ x: 3, y: 3 })
  })

  test('get them also where they change by a later commit than the first', async () => {
    await changeAndRollBack()
    // The ticks of the version that was rolled back are in already; the one of z changes z alone.
    await rollUp()
    await rollBack(world, good)
    await addTicks(world, ['2026-03-01T12:00:03'], { symbols: ['z'] })
    await rollUp()
    expect(await revisions()).toEqual({ x: 4, y: 4, z: 4 })
    world.clock.nowMs += MINUTE_MS
    await addTicks(world, ['2026-03-01T12:01:01'], { symbols: ['w'] })
    await rollUp()
    expect((await revisions()).w).toBe(4)
  })

  test('get revisions above all that were sent where others expired the versions they were rolled back from', async () => {
    await changeAndRollBack()
    const { currentSnapshotId, tableUuid: uuid, snapshots } = (await load()).metadata
    const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId).filter(id => id !== currentSnapshotId)
    await world.catalog.commit(
      CANDLES_TABLE,
      [{ type: 'assert-table-uuid', uuid }],
      [{ action: 'remove-snapshots', snapshotIds }],
    )
    await addTicks(world, ['2026-03-01T12:00:03'], { symbols: ['x', 'y'], mid: 1.25 })
    await rollUp()
    expect(await revisions()).toEqual({ x: 3, y: 3 })
  })

  test('get stamps above all that were given out, and are published: also where a clock ran a day ahead', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    await publish()
    good = await load()
    world.clock.nowMs += DAY_MS
    await addTicks(world, ['2026-03-01T12:00:02'])
    await rollUp()
    await publish()
    const { stampUs } = await stateOfCandles(world)
    world.clock.nowMs -= DAY_MS - MINUTE_MS
    await rollBack(world, good)
    await addTicks(world, ['2026-03-01T12:01:03'])
    const { changed } = await rollUp()
    expect((await stateOfCandles(world)).stampUs).toBeGreaterThan(stampUs)
    expect(await publish()).toMatchObject({ sent: changed })
    world.clock.nowMs += MINUTE_MS
    await addTicks(world, ['2026-03-01T12:02:03'])
    const next = await rollUp()
    expect(await publish()).toMatchObject({ sent: next.changed })
  })
})

test('both tables, with the undone ticks gone from Kafka: it is logged, verify names the topics, and made again they are right', async () => {
  const tables = [TICKS_TABLE, CANDLES_TABLE]
  const findings = async () => {
    const { differences, topics } = await verify(world.services, {}, () => {}, LIMITS)
    return { differences, topics }
  }
  await addTicks(world, ['2026-03-01T12:00:01', '2026-03-01T10:00:01'])
  await rollUp()
  await publish()
  const before = await Promise.all(tables.map(load))
  world.clock.nowMs += MINUTE_MS
  await addTicks(world, ['2026-03-01T12:00:02', '2026-03-01T10:00:02', '2026-03-01T12:01:01'])
  await rollUp()
  await publish()
  for (const table of before) await rollBack(world, table)
  world.log.cutBelow(SETTINGS.ticksTopic, 0, 5)
  await addTicks(world, ['2026-03-01T12:00:03'])
  await rollUp()
  await publish()
  expect((await stateOfCandles(world)).foreign.candles).toEqual({ rolled_back: 1 })
  expect((await m1()).map(({ volume }) => volume).sort()).toEqual([1, 2])
  const { differences, topics } = await findings()
  expect(differences.every(({ in: where }) => where === 'kafka')).toBe(true)
  expect(differences).toContainEqual(expect.objectContaining({ problem: 'surplus' }))
  expect(differences).toContainEqual(expect.objectContaining({ problem: 'differs' }))
  expect(topics).toContain('m1')
  expect(topics).not.toContain('D1')
  for (const timeframe of topics) {
    world.log.deleteTopic(SETTINGS.candleTopicPrefix + timeframe)
    world.log.createTopic(SETTINGS.candleTopicPrefix + timeframe, 4)
  }
  await publish()
  expect(await findings()).toEqual({ differences: [], topics: [] })
})

describe('what was given out', () => {
  const given = async (store: ObjectStore = world.services.store) => {
    const table = await load()
    return givenOut(store, table, candlesState(table))
  }
  /** Every file that is looked at is missing there. */
  const nowhere = new MemoryStore()

  test('is what the state says, while nothing was rolled back: no file is looked at', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    await addTicks(world, ['2026-03-01T12:00:02'])
    await rollUp()
    const { stampUs, revisionFloor } = await stateOfCandles(world)
    expect(await given(nowhere)).toEqual({ stampUs, revision: revisionFloor })
    expect(revisionFloor).toBe(0)
  })

  test('is that of all versions that were rolled back from, the newest of several', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    const good = await load()
    const stamps: number[] = []
    for (const second of ['02', '03']) {
      await addTicks(world, [`2026-03-01T12:00:${second}`])
      await rollUp()
      stamps.push((await stateOfCandles(world)).stampUs)
    }
    await rollBack(world, good)
    expect(await given()).toEqual({ revision: 3, stampUs: stamps[1] })
    await expect(given(nowhere)).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
  })

  test('is nothing of a version of another engine’s whose own past is gone: nobody knows what it is', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    const good = await load()
    await addTicks(world, ['2026-03-01T12:00:02'])
    await rollUp()
    const { currentSnapshotId, tableUuid: uuid } = (await load()).metadata
    await compact(false)
    await rollBack(world, good)
    await world.catalog.commit(
      CANDLES_TABLE,
      [{ type: 'assert-table-uuid', uuid }],
      [{ action: 'remove-snapshots', snapshotIds: [currentSnapshotId!] }],
    )
    expect(await given()).toMatchObject({ revision: 0 })
    await rollUp()
    expect((await m1()).map(({ volume }) => volume)).toEqual([2])
  })

  test('is in the state after the next commit, and that of no version again', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    const good = await load()
    await addTicks(world, ['2026-03-01T12:00:02'])
    await rollUp()
    await rollBack(world, good)
    await rollUp()
    const { stampUs, revisionFloor } = await stateOfCandles(world)
    expect(revisionFloor).toBe(2)
    expect(await given(nowhere)).toEqual({ revision: 2, stampUs })
    expect((await m1()).map(({ revision }) => revision)).toEqual([3])
  })
})
