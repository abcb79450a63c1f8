import { beforeEach, describe, expect, test } from 'vitest'
import type { Update } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stringifyJson } from '../../lib/iceberg/json.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { SUMMARY_COPY } from '../../lib/iceberg/summaryCopy.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import { candleId } from '../../lib/market/candle.ts'
import { decodeTick, type Tick } from '../../lib/market/tick.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { type RebuildRequest, rebuild } from '../../lib/rebuild/rebuild.ts'
import { showRebuilt } from '../../lib/rebuild/showRebuilt.ts'
import { partsBelow } from '../../lib/rebuild/takeStock.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import type { OffsetVector } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, type TicksState, ticksState } from '../../lib/tables/ticksTable.ts'
import { partitionedBy, withMetadata } from '../support/changedMetadata.ts'
import { mergeFiles, type Row, rewriteRows } from '../support/foreignEngine.ts'
import { metadataToWire } from '../support/memoryCatalog.ts'
import { addTicks, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { tickColumns } from '../support/tickColumns.ts'
import {
  batch,
  ingest,
  newWorld,
  produce,
  SETTINGS,
  stateOf,
  storedTicks,
  tickJson,
  type World,
} from '../support/world.ts'

const TOPIC = SETTINGS.ticksTopic

let world: World
let moved: OffsetVector[]
beforeEach(async () => {
  world = await newWorld()
  moved = []
})

function run(request: Partial<RebuildRequest> = {}) {
  const moveGroup = async (vector: OffsetVector) => void moved.push(vector)
  return rebuild(
    world.services,
    { dryRun: false, force: false, ...request },
    { moveGroup, onProgress: () => {} },
  )
}

/** Another engine expires all but the current snapshot; the copy of our summary is gone too, or belongs to none that is left. */
async function loseState(ident: TableIdent, { copyStays = false } = {}): Promise<void> {
  const { catalog, services, clock } = world
  let before = await catalog.loadTable(ident)
  for (let commits = copyStays ? 2 : 1; commits > 0; commits--) {
    const staged = await stageSnapshot(services.store, before, { add: [], nowMs: clock.nowMs })
    before = await commitSnapshot(catalog, before, staged)
  }
  const { metadata } = before
  const snapshotIds = metadata.snapshots
    .map(({ snapshotId }) => snapshotId)
    .filter(id => id !== metadata.currentSnapshotId)
  const updates: Update[] = [
    { action: 'remove-snapshots', snapshotIds },
    ...(copyStays ? [] : [{ action: 'set-properties', updates: { [SUMMARY_COPY]: '' } } as const]),
  ]
  await catalog.commit(ident, [], updates)
}

/** The table's metadata file, which catalogs write and this one does not. */
async function keepMetadata(ident: TableIdent): Promise<void> {
  const { metadata, metadataLocation } = await world.catalog.loadTable(ident)
  const text = stringifyJson(metadataToWire(metadata))
  await world.services.store.write(metadataLocation!, Buffer.from(text))
}

/** Removes the file of the so many-th commit that is still there, as a deletion by another engine does. */
async function removeFile(index: number): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const files = (await planFiles(services.store, table)).sort((a, b) => a.sequenceNumber - b.sequenceNumber)
  const change = { add: [], remove: [files[index]!], summary: carriedState(table), nowMs: clock.nowMs }
  await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
}

/** Another engine merges all files of the table: one is left for each partition. */
async function mergeAll(ident: TableIdent): Promise<void> {
  const files = await planFiles(world.services.store, await world.catalog.loadTable(ident))
  await mergeFiles(world, ident, files, true)
}

async function take(partition: number, ...values: (string | null)[]): Promise<void> {
  const first = produce(world, partition, ...values)
  await ingest(world, [await batch(world, partition, first, first + values.length)])
}

/** Rows do not say which topic they are of: ingest asks Kafka again. */
function asRowsTell({ vector, totals }: TicksState): TicksState {
  return { vector: { ...vector, topicIds: undefined }, totals }
}

describe('a rebuild of the ticks’ state', () => {
  test('finds the vector and the totals that there were, and proves them: ticks, dead letters, aborted ones, markers', async () => {
    await take(0, tickJson(1), 'bad', tickJson(2))
    const aborted = world.log.begin()
    aborted.append(TOPIC, 0, [{ value: Buffer.from(tickJson(3)) }])
    aborted.abort()
    world.clock.nowMs += 90_000
    await take(0, tickJson(4), null, tickJson(5))
    await take(3, tickJson(6))
    const before = await stateOf(world)
    expect(before.totals).toEqual({ ticks: 5, late: 3, lost: 0, deadLetters: { not_json: 1, no_value: 1 } })
    await loseState(TICKS_TABLE)
    await expect(stateOf(world)).rejects.toMatchObject({ code: 'STATE_MISSING' })
    const { ticks, candles } = await run()
    expect(await stateOf(world)).toEqual(asRowsTell(before))
    expect(ticks).toMatchObject({ source: 'rows', isProven: true, totals: before.totals })
    expect(ticks.logs).toMatchObject([
      { partition: 0, next: 8, present: 4, doubled: 0, missing: { deadLetters: 2, unseen: 2 }, toCome: 0 },
      { partition: 3, next: 1, present: 1, missing: { deadLetters: 0, unseen: 0 } },
    ])
    expect(candles.source).toBe('there')
    expect(moved).toEqual([asRowsTell(before).vector])
    await ingest(world, [await batch(world, 0, 0, 8), await batch(world, 3, 0, 1)])
    expect(await storedTicks(world)).toHaveLength(5)
  })

  test('stops at the highest tick: 2 bad ones behind it are buried again, and 1 tick that waits is taken in', async () => {
    await take(1, tickJson(1), 'bad', 'worse')
    produce(world, 1, tickJson(2))
    await loseState(TICKS_TABLE)
    const { ticks } = await run()
    expect(ticks.logs).toMatchObject([{ next: 1, toCome: 3 }])
    await ingest(world, [await batch(world, 1, 1, 4)])
    expect(await storedTicks(world)).toEqual(['1/0', '1/3'])
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 2, deadLetters: { not_json: 2 } })
  })

  test('takes no deleted tick in again: a file of 3 in the middle is told, by its offsets', async () => {
    for (const n of [1, 4, 7]) await take(2, tickJson(n), tickJson(n + 1), tickJson(n + 2))
    await removeFile(1)
    await loseState(TICKS_TABLE)
    const rebuilt = await run()
    expect(rebuilt.ticks).toMatchObject({
      isProven: false,
      logs: [{ next: 9, present: 6, missing: { goodTicks: { count: 3, runs: [{ from: 3, to: 6 }] } } }],
    })
    expect(showRebuilt(rebuilt, TOPIC)).toContain(
      '3 ticks are on Kafka and not in the table: deleted there, or lost: 3–5',
    )
    await ingest(world, [await batch(world, 2, 0, 9)])
    expect(await storedTicks(world)).toHaveLength(6)
  })

  test('says of which offsets nothing is left, where retention took 6 of 10 and a letter tells of 1', async () => {
    await take(0, tickJson(1), tickJson(2), tickJson(3))
    await take(0, tickJson(4), 'bad', tickJson(6))
    await take(0, ...Array.from({ length: 4 }, (_, i) => tickJson(i)))
    await removeFile(0)
    world.log.cutBelow(TOPIC, 0, 6)
    await loseState(TICKS_TABLE)
    const { ticks } = await run()
    expect(ticks).toMatchObject({
      isProven: false,
      logs: [{ missing: { deadLetters: 1, unknown: { count: 3, runs: [{ from: 0, to: 3 }] } } }],
    })
  })

  test('says which bad ticks have no letter, and which rows are there twice', async () => {
    await take(0, tickJson(1), tickJson(2))
    await take(0, 'bad', tickJson(3))
    world.log.remove(SETTINGS.deadLetterTopic, 0, 0)
    const { catalog, services, clock } = world
    const table = await catalog.loadTable(TICKS_TABLE)
    const [file] = await planFiles(services.store, table)
    const copy = { ...file!, path: `${file!.path}.copy` }
    await services.store.write(copy.path, await services.store.read(file!.path))
    const change = { add: [copy], summary: carriedState(table), nowMs: clock.nowMs }
    await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
    await loseState(TICKS_TABLE)
    const { ticks } = await run()
    const [log] = ticks.logs
    expect(log).toMatchObject({ missing: { withoutLetter: { count: 1, runs: [{ from: 2, to: 3 }] } } })
    expect(log!.doubled).toBeGreaterThan(0)
    expect(log!.doubledOffsets.length).toBe(log!.doubled)
    expect(ticks.isProven).toBe(false)
  })

  test('of a topic that was deleted and made anew holds nothing to the new one', async () => {
    await take(0, tickJson(1), 'bad', tickJson(2), tickJson(3))
    await removeFile(0)
    await take(0, tickJson(4))
    world.log.deleteTopic(TOPIC)
    world.log.createTopic(TOPIC, 4)
    world.clock.nowMs += 1
    produce(world, 0, ...Array.from({ length: 9 }, (_, i) => tickJson(i)))
    await loseState(TICKS_TABLE)
    const { ticks } = await run()
    expect(ticks.logs).toMatchObject([
      { next: 5, missing: { deadLetters: 1, goodTicks: { count: 0 }, unknown: { count: 3 } } },
    ])
    const next = ingest(world, [await batch(world, 0, 5, 9)], { trust: newTrust() })
    await expect(next).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
  })

  test('with --dry-run says the same and writes nothing', async () => {
    await take(0, tickJson(1), tickJson(2))
    await loseState(TICKS_TABLE)
    const before = await world.catalog.loadTable(TICKS_TABLE)
    const { isWritten, ticks } = await run({ dryRun: true })
    expect(isWritten).toBe(false)
    expect(ticks.vector.positions).toHaveLength(1)
    expect(await world.catalog.loadTable(TICKS_TABLE)).toEqual(before)
    expect(moved).toEqual([])
  })

  test('is refused while both tables say how far they go; with force the rows’ state takes its place', async () => {
    await take(0, tickJson(1), 'bad')
    const refused = run()
    await expect(refused).rejects.toMatchObject({ code: 'STATE_IS_THERE' })
    expect(ticksState(await world.catalog.loadTable(TICKS_TABLE)).vector.positions[0]!.next).toBe(2)
    expect(await run({ force: true })).toMatchObject({
      ticks: { source: 'rows' },
      candles: { source: 'rows' },
    })
    expect(ticksState(await world.catalog.loadTable(TICKS_TABLE)).vector.positions[0]!.next).toBe(1)
  })

  test('takes the place of a state that cannot be read', async () => {
    await take(0, tickJson(1), tickJson(2))
    const { catalog, services, clock } = world
    const table = await catalog.loadTable(TICKS_TABLE)
    const summary = { ...carriedState(table), 'tickhouse.vector': '{' }
    const staged = await stageSnapshot(services.store, table, { add: [], summary, nowMs: clock.nowMs })
    await commitSnapshot(catalog, table, staged)
    await expect(stateOf(world)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
    expect((await run()).ticks).toMatchObject({ source: 'rows', isProven: true })
    await take(0, tickJson(3))
    expect(await storedTicks(world)).toHaveLength(3)
  })

  test('of two lives of a topic has the ends of both, and counts on in the second', async () => {
    await take(0, tickJson(1), tickJson(2))
    await take(1, 'bad', tickJson(3))
    world.log.deleteTopic(TOPIC)
    world.log.createTopic(TOPIC, 4)
    world.clock.nowMs += 1
    await beginEpoch(world.services, async () => {})
    world.services.trust = newTrust()
    await take(0, tickJson(4))
    const before = await stateOf(world)
    expect(before.vector.positions).toHaveLength(3)
    await loseState(TICKS_TABLE)
    const { ticks } = await run()
    expect(await stateOf(world)).toEqual(asRowsTell(before))
    expect(ticks).toMatchObject({ isProven: true, vector: { epoch: 1 } })
    await take(0, tickJson(5))
    expect(await storedTicks(world)).toHaveLength(5)
  })

  test('is refused where a row has a place that no Kafka has, which would keep all ticks out: the file is named, and it goes on without that row', async () => {
    await take(0, tickJson(1))
    const { catalog, services, clock } = world
    const table = await catalog.loadTable(TICKS_TABLE)
    const tick = decodeTick(Buffer.from(tickJson(2)), clock.nowMs, SETTINGS.limits) as Tick
    const columns = tickColumns([{ tick, partition: 0, offset: 2 ** 45, timestampMs: clock.nowMs }])
    const file = await writeDataFile(services.store, table, columns, 1)
    const change = { add: [file], summary: carriedState(table), nowMs: clock.nowMs }
    await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
    await loseState(TICKS_TABLE)
    await expect(run()).rejects.toMatchObject({
      code: 'ROWS_INVALID',
      message: expect.stringContaining(file.path),
    })
    await rewriteRows(world, TICKS_TABLE, row => (Number(row.kafka_offset) === 2 ** 45 ? undefined : row))
    expect((await run()).ticks).toMatchObject({ source: 'rows', isProven: true })
    await take(0, tickJson(3))
    expect(await storedTicks(world)).toHaveLength(2)
  })

  test('of a table without a tick begins at 0 in every partition', async () => {
    await loseState(TICKS_TABLE)
    expect((await run()).ticks).toMatchObject({ vector: { epoch: 0, positions: [] }, isProven: true })
    await take(0, tickJson(1))
    expect(await storedTicks(world)).toEqual(['0/0'])
  })
})

describe('a state that an earlier metadata file has', () => {
  const maintainOnce = () => maintain(world.services, { only: 'compaction' }, () => 0)
  let before: Awaited<ReturnType<typeof stateOf>>
  beforeEach(async () => {
    await take(0, tickJson(1), 'bad')
    before = await stateOf(world)
    await keepMetadata(TICKS_TABLE)
  })

  test('is found whole, the bad record at its end too, and every hour with a tick is marked', async () => {
    await loseState(TICKS_TABLE)
    const { ticks, candles } = await run()
    expect(ticks).toMatchObject({ source: 'metadata', logs: [] })
    expect(await stateOf(world)).toEqual(before)
    expect(candles).toMatchObject({ source: 'there', hoursMarked: 1 })
    expect((await stateOfCandles(world)).hours.damaged.size).toBe(1)
    // The group stands where it stood.
    expect(moved).toEqual([])
  })

  test('is given back by maintain, with no command', async () => {
    await loseState(TICKS_TABLE)
    await maintainOnce()
    expect(await stateOf(world)).toEqual(before)
    const { currentSnapshotId } = (await world.catalog.loadTable(TICKS_TABLE)).metadata
    await maintainOnce()
    expect((await world.catalog.loadTable(TICKS_TABLE)).metadata.currentSnapshotId).toBe(currentSnapshotId)
  })

  test('is no longer true after a newer one that cannot be read: that one is worked out from the rows', async () => {
    await take(0, tickJson(2))
    await keepMetadata(TICKS_TABLE)
    const { catalog, services, clock } = world
    const table = await catalog.loadTable(TICKS_TABLE)
    const summary = { ...carriedState(table), 'tickhouse.vector': '{' }
    const staged = await stageSnapshot(services.store, table, { add: [], summary, nowMs: clock.nowMs })
    const { metadata } = await commitSnapshot(catalog, table, staged)
    const others = metadata.snapshots
      .map(({ snapshotId }) => snapshotId)
      .filter(id => id !== metadata.currentSnapshotId)
    await catalog.commit(TICKS_TABLE, [], [{ action: 'remove-snapshots', snapshotIds: others }])
    await expect(maintainOnce()).resolves.toBeDefined()
    await expect(stateOf(world)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
    expect((await run()).ticks).toMatchObject({ source: 'rows', logs: [{ next: 3, present: 2 }] })
  })

  test('is not found where only rows can tell: maintain leaves that to an operator', async () => {
    await loseState(CANDLES_TABLE)
    await expect(maintainOnce()).rejects.toMatchObject({ code: 'STATE_MISSING' })
  })
})

test('candles that others deleted before they expired the state are made again above all revisions that were sent', async () => {
  const publish = () => publishCandles(world.services, () => 100_000)
  await addTicks(world, ['2026-03-01T12:00:01'])
  await rollupCandles(withTrino(world), UNBOUNDED)
  await publish()
  await rewriteRows(world, CANDLES_TABLE, () => undefined)
  await keepMetadata(CANDLES_TABLE)
  await loseState(CANDLES_TABLE)
  await maintain(world.services, { only: 'compaction' }, () => 0)
  await addTicks(world, ['2026-03-01T12:00:02'])
  await rollupCandles(withTrino(world), UNBOUNDED)
  const rows = (await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')
  expect(rows).toMatchObject([{ volume: 2, revision: 2 }])
  expect((await stateOfCandles(world)).foreign.candles).toEqual({ unknown: 1 })
})

test('candles of days whose ticks are all gone are not marked', async () => {
  await addTicks(world, ['2026-02-20T10:00:01'])
  await addTicks(world, ['2026-03-01T10:00:01'])
  await rollupCandles(withTrino(world), UNBOUNDED)
  await removeFile(0)
  await loseState(TICKS_TABLE)
  expect((await run()).candles.hoursMarked).toBeGreaterThan(0)
  const days = (await stateOfCandles(world)).hours.stale.days().map(([day]) => day)
  expect(days).toEqual([Date.parse('2026-03-01') / 86_400_000])
})

test('the offsets below a vector are looked at in parts of at most 10, none of them twice', () => {
  const positions = [7, 18, 2].map((next, partition) => ({ epoch: 0, partition, next, timestampMs: 0 }))
  const parts = partsBelow({ epoch: 0, positions }, 10)
  expect(parts.map(part => part.reduce((sum, { run }) => sum + run.to - run.from, 0))).toEqual([10, 10, 7])
  for (const { partition, next } of positions) {
    const runs = parts.flat().filter(stretch => stretch.partition === partition)
    expect(runs.map(({ run }) => run.from)).toEqual([0, ...runs.slice(0, -1).map(({ run }) => run.to)])
    expect(runs.at(-1)!.run.to).toBe(next)
  }
})

describe('a rebuild of the candles’ state', () => {
  const rollUp = () => rollupCandles(withTrino(world), UNBOUNDED)
  const publish = () => publishCandles(world.services, () => 100_000)

  test.each([
    ['the candles’', [CANDLES_TABLE]],
    ['both', [CANDLES_TABLE, TICKS_TABLE]],
  ])('goes on with revisions and stamps above all that were published, where %s is lost', async (_, lost) => {
    await addTicks(world, ['2026-03-01T10:00:01', '2026-03-01T11:59:59'])
    await rollUp()
    await publish()
    await addTicks(world, ['2026-03-01T10:00:02'], { mid: 1.75 })
    await rollUp()
    await publish()
    const before = await candlesIn(world)
    const { stampUs } = await stateOfCandles(world)
    for (const ident of lost) await loseState(ident)
    await expect(rollUp()).rejects.toMatchObject({ code: 'STATE_MISSING' })
    const { candles } = await run()
    const revision = Math.max(...before.map(candle => candle.revision))
    expect(candles).toMatchObject({ source: 'rows', revisionFloor: revision })
    expect(candles.hoursMarked).toBeGreaterThan(1)
    expect(candles.stampUs).toBeGreaterThanOrEqual(stampUs)
    world.clock.nowMs += 60_000
    const { hoursStale } = await rollUp()
    expect(hoursStale).toBe(0)
    // What is right already is left as it is: nothing is published again.
    expect(await candlesIn(world)).toEqual(before)
    await addTicks(world, ['2026-03-01T10:00:03'], { mid: 2 })
    world.clock.nowMs += 360_000
    await rollUp()
    const changed = (await candlesIn(world)).find(
      ({ timeframe, dateTimeUs }) =>
        timeframe === 'm1' && dateTimeUs === Date.parse('2026-03-01T10:00:00Z') * 1000,
    )
    expect(changed).toMatchObject({ volume: 3, revision: revision + 1 })
    expect((await publish()).sent).toBeGreaterThan(0)
  })

  describe('holds candles whose ticks were deleted', () => {
    const isBefore = (time: string) => (row: Row) => Number(row.date_time) < Date.parse(`${time}Z`) * 1000
    const ofFebruary = async () => {
      const rows = (await candlesIn(world)).filter(({ dateTimeUs }) => dateTimeUs < Date.UTC(2026, 2) * 1000)
      return rows.map(({ timeframe, dateTimeUs, volume, revision }) => [
        timeframe,
        dateTimeUs,
        volume,
        revision,
      ])
    }
    const heldDays = async () => (await stateOfCandles(world)).held.days().map(([day]) => day - FIRST_DAY)
    const FIRST_DAY = Date.parse('2026-02-20') / 86_400_000
    beforeEach(async () => {
      await addTicks(
        world,
        [20, 21, 22, 23].map(day => `2026-02-${day}T10:00:01`),
      )
      await addTicks(world, ['2026-03-01T11:58:59'])
      await rollUp()
    })

    test('and those of a day to which ticks came later, as the copy of the last state says', async () => {
      const isDeleted = isBefore('2026-02-22T00:00:00')
      await rewriteRows(world, TICKS_TABLE, row => (isDeleted(row) ? undefined : row))
      await rollUp()
      await addTicks(world, ['2026-02-20T12:00:00'])
      await rollUp()
      await publish()
      const before = await ofFebruary()
      for (const ident of [CANDLES_TABLE, TICKS_TABLE]) await loseState(ident, { copyStays: true })
      await run()
      expect(await heldDays()).toEqual([0, 1])
      world.clock.nowMs += 60_000
      await rollUp()
      expect(await ofFebruary()).toEqual(before)
      expect(await heldDays()).toEqual([0, 1])
    })

    test('of the oldest days, and of a day between others, where no state is left', async () => {
      const isOldest = isBefore('2026-02-21T00:00:00')
      const isDeleted = (row: Row) =>
        isOldest(row) || (isBefore('2026-02-23T00:00:00')(row) && !isBefore('2026-02-22T00:00:00')(row))
      await publish()
      const before = await ofFebruary()
      await rewriteRows(world, TICKS_TABLE, row => (isDeleted(row) ? undefined : row))
      for (const ident of [CANDLES_TABLE, TICKS_TABLE]) await loseState(ident)
      await run()
      expect(await heldDays()).toEqual([0, 2])
      world.clock.nowMs += 60_000
      await rollUp()
      expect(await ofFebruary()).toEqual(before)
    })
  })

  test('sends nothing that others changed before the state was lost', async () => {
    await addTicks(world, ['2026-03-01T11:59:59'], { symbols: ['x', 'y'] })
    await rollUp()
    await publish()
    const theirs = { updated_at: Date.UTC(2100, 0) * 1000, high: 1_000, revision: 2 ** 31 - 1 }
    await rewriteRows(world, CANDLES_TABLE, row => (row.symbol === 'x' ? { ...row, ...theirs } : row))
    await loseState(CANDLES_TABLE)
    const { candles } = await run()
    expect(candles.revisionFloor).toBe(1)
    expect(candles.stampUs).toBeLessThan(theirs.updated_at)
    expect(await publish()).toMatchObject({ sent: 0 })
    world.clock.nowMs += 60_000
    // What is sent after the live round is sent before its candles are computed again.
    await rollupCandles(withTrino(world), { ...UNBOUNDED, mayBegin: () => false })
    await publish()
    await rollUp()
    await publish()
    const highs: number[] = []
    for (const [partition, { high }] of await world.log.offsets('candle_D1')) {
      for await (const records of world.log.records('candle_D1', partition, 0, high)) {
        highs.push(...records.map(({ value }) => JSON.parse(String(value)).high))
      }
    }
    expect(highs).toEqual([1.5, 1.5, 1.5])
  })

  test('with force leaves what others changed to be taken back', async () => {
    await addTicks(world, ['2026-03-01T11:59:59'], { symbols: ['x', 'y'] })
    await rollUp()
    const before = await candlesIn(world)
    const theirs = { updated_at: Date.UTC(2100, 0) * 1000, high: 1_000 }
    await rewriteRows(world, CANDLES_TABLE, row => (row.symbol === 'x' ? { ...row, ...theirs } : row))
    const { candles } = await run({ force: true })
    expect(candles.stampUs).toBe(Math.max(...before.map(({ updatedAtUs }) => updatedAtUs)))
    expect(await publish()).toMatchObject({ sent: before.length })
    world.clock.nowMs += 60_000
    await rollUp()
    const byId = (rows: typeof before) => new Map(rows.map(row => [candleId(row), { ...row, closed: true }]))
    expect(byId(await candlesIn(world))).toMatchObject(byId(before))
  })

  test.each([
    ['not at all', partitionedBy()],
    ['by source', partitionedBy([1, 'identity'])],
  ])('finds what is closed also in files that others partitioned %s', async (_, by) => {
    await addTicks(world, ['2026-03-01T10:00:01', '2026-03-01T11:58:59'])
    world.clock.nowMs += 360_000
    await rollUp()
    const { closedUntilUs } = await stateOfCandles(world)
    world = withMetadata(world, CANDLES_TABLE, by)
    await mergeAll(CANDLES_TABLE)
    await loseState(CANDLES_TABLE)
    const { candles } = await run()
    expect(candles.closedUntilUs).toBe(Date.parse('2026-03-01T11:59:00Z') * 1000)
    expect(candles.closedUntilUs).toBeLessThanOrEqual(closedUntilUs)
  })
})
