import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { ColumnValue } from '../../lib/iceberg/schema.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { chooseRound } from '../../lib/rollup/chooseRound.ts'
import { readNewTicks, sequenceBelow } from '../../lib/rollup/newTicks.ts'
import { loadInputs, type RollupInputs } from '../../lib/rollup/rollupInputs.ts'
import { advance, distance, nextOffset, type OffsetVector } from '../../lib/tables/offsetVector.ts'
import { TICKS_SCHEMA, TICKS_TABLE, ticksState, ticksSummary } from '../../lib/tables/ticksTable.ts'
import { tickColumns } from '../support/tickColumns.ts'
import { newWorld, type World } from '../support/world.ts'

const MINUTE_US = 60_000_000
const START_US = Date.parse('2026-03-01T12:00:00Z') * 1000
/** Of each 10 ticks 7 go to partition 0, 2 to partition 1, 1 to partition 2: offsets grow apart. */
const SHARES = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2]

let world: World
let ends: number[]
let sent: number
beforeEach(async () => {
  world = await newWorld()
  ends = [0, 0, 0]
  sent = 0
})

function nextRows(count: number) {
  return Array.from({ length: count }, () => {
    const partition = SHARES[sent % 10]!
    const tick = {
      source: 's',
      symbol: 'x',
      ask: 1,
      bid: 1,
      mid: 1,
      askMarkup: null,
      bidMarkup: null,
      isTradable: null,
      number: 1,
      dateTimeUs: START_US + sent++ * MINUTE_US,
      receiveDateTimeUs: null,
      extra: null,
    }
    return { tick, partition, offset: ends[partition]!++, timestampMs: 1 }
  })
}

/** One commit of ingest: a file a day, and the vector. */
async function append(count: number): Promise<void> {
  const { catalog, services } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const days = Map.groupBy(nextRows(count), row => Math.floor(row.tick.dateTimeUs / 86_400_000_000))
  const { vector, totals } = ticksState(table)
  const positions = ends.map((next, partition) => ({ epoch: 0, partition, next, timestampMs: 1 }))
  const staged = await stageSnapshot(services.store, table, {
    add: await Promise.all(
      [...days.values()].map(rows => writeDataFile(services.store, table, tickColumns(rows), rows.length)),
    ),
    summary: ticksSummary({ vector: advance(vector, positions), totals }),
    nowMs: world.clock.nowMs,
  })
  await commitSnapshot(catalog, table, staged)
}

/** Rounds from what the candles have until nothing is left: where each ended, and which files were read from. */
async function rounds(limits: { ticks: number; files: number }) {
  const found: { vector: OffsetVector; ticksSequence: number; minutes: number }[] = []
  let inputs = await loadInputs(world.services)
  while (distance(inputs.state.vector, inputs.ticksVector) > 0) {
    const news = await readNewTicks(world.services.store, inputs, limits)
    const { vector } = chooseRound(news.touches, news.reachable, 100)
    expect(distance(inputs.state.vector, vector), 'progress').toBeGreaterThan(0)
    const touched = news.touches.filter(t => t.firstOffset < nextOffset(vector, t.partition))
    const ticksSequence = sequenceBelow(news, vector)
    found.push({ vector, ticksSequence, minutes: touched.length })
    inputs = { ...inputs, state: { ...inputs.state, vector, ticksSequence } }
  }
  return found
}

/** True when no file at or below the sequence number holds a tick at or above the vector. */
async function isDoneWith({ ticks }: RollupInputs, sequence: number, vector: OffsetVector) {
  for (const file of await planFiles(world.services.store, ticks)) {
    if (file.sequenceNumber > sequence) continue
    const columns = await decodeParquet(await world.services.store.read(file.path), TICKS_SCHEMA)
    const isLeft = columns.kafka_offset!.some(
      (offset, i) => Number(offset) >= nextOffset(vector, Number(columns.kafka_partition![i])),
    )
    if (isLeft) return false
  }
  return true
}

describe('readNewTicks', () => {
  test('few new ticks are taken in at once, each minute found', async () => {
    await append(10)
    await append(10)
    const [only, ...more] = await rounds({ ticks: 100, files: 100 })
    expect(more).toEqual([])
    expect(only).toMatchObject({
      minutes: 20,
      vector: { positions: [{ next: 14 }, { next: 4 }, { next: 2 }] },
    })
  })

  test('300 ticks in 30 commits take about 10 rounds of 30, and no tick is missed or found twice', async () => {
    for (let i = 0; i < 30; i++) await append(10)
    const found = await rounds({ ticks: 30, files: 100 })
    expect(found.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(300)
    expect(found.length).toBeLessThanOrEqual(14)
  })

  test('rounds are bounded in files too, also where a commit spans days', async () => {
    for (let i = 0; i < 6; i++) await append(1_000)
    const found = await rounds({ ticks: 100_000, files: 2 })
    expect(found.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(6_000)
    expect(found.length).toBeGreaterThanOrEqual(3)
  })

  test('files that a round is done with are not read again, those that it is not done with are', async () => {
    for (let i = 0; i < 12; i++) await append(10)
    const inputs = await loadInputs(world.services)
    const found = await rounds({ ticks: 25, files: 100 })
    for (const { ticksSequence, vector } of found) {
      expect(await isDoneWith(inputs, ticksSequence, vector)).toBe(true)
    }
    const sequences = found.map(round => round.ticksSequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
    expect(new Set(sequences).size).toBe(sequences.length)
  })
})

/** Makes one file of some of the table's, as compaction does: of the largest data sequence number among them. */
async function compact(from: number, to: number): Promise<void> {
  const { catalog, services } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const files = await planFiles(services.store, table)
  const remove = files.sort((a, b) => a.sequenceNumber - b.sequenceNumber).slice(from, to)
  const columns: Record<string, ColumnValue[]> = {}
  for (const file of remove) {
    const read = await decodeParquet(await services.store.read(file.path), TICKS_SCHEMA)
    for (const [name, values] of Object.entries(read)) columns[name] = [...(columns[name] ?? []), ...values]
  }
  const rows = remove.reduce((sum, { recordCount }) => sum + recordCount, 0)
  const staged = await stageSnapshot(services.store, table, {
    add: [await writeDataFile(services.store, table, columns, rows)],
    remove,
    rewriteOf: Math.max(...remove.map(({ sequenceNumber }) => sequenceNumber)),
    nowMs: world.clock.nowMs,
  })
  await commitSnapshot(catalog, table, staged)
}

describe('beside files that were made by compaction', () => {
  test.each([
    ['the oldest', 0, 6],
    ['the newest', 6, 12],
    ['some in the middle', 3, 8],
    ['all', 0, 12],
  ])('%s of 12 commits: every tick is found once, in rounds that make progress', async (_, from, to) => {
    for (let i = 0; i < 12; i++) await append(10)
    await compact(from, to)
    const inputs = await loadInputs(world.services)
    const found = await rounds({ ticks: 25, files: 100 })
    expect(found.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(120)
    expect(found.length).toBeLessThanOrEqual(10)
    for (const { ticksSequence, vector } of found) {
      expect(await isDoneWith(inputs, ticksSequence, vector)).toBe(true)
    }
  })

  test('what a round is done with holds in the table as it was before the compaction, should it be rolled back', async () => {
    for (let i = 0; i < 12; i++) await append(10)
    const before = await loadInputs(world.services)
    await compact(2, 9)
    for (const { ticksSequence, vector } of await rounds({ ticks: 25, files: 100 })) {
      expect(await isDoneWith(before, ticksSequence, vector)).toBe(true)
    }
  })

  test('compacted files of ticks that the candles have are left unread', async () => {
    for (let i = 0; i < 6; i++) await append(10)
    const { ticks } = await loadInputs(world.services)
    const taken = ticks.metadata.lastSequenceNumber
    await compact(0, 6)
    await append(10)
    const inputs = await loadInputs(world.services)
    const rolledUp = { ...inputs.state, ticksSequence: taken }
    const limits = { ticks: 100, files: 100 }
    const { touches } = await readNewTicks(world.services.store, { ...inputs, state: rolledUp }, limits)
    expect(new Set(touches.map(({ minuteUs }) => minuteUs)).size).toBe(10)
  })
})
