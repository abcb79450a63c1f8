import { beforeEach, describe, expect, test } from 'vitest'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import type { Snapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { type Candle, candleId } from '../../lib/market/candle.ts'
import { HourSet } from '../../lib/market/hours.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { candleTopics, publishCandles } from '../../lib/publish/publishCandles.ts'
import { type Budget, UNBOUNDED } from '../../lib/rollup/budget.ts'
import { EVER } from '../../lib/rollup/hoursWithRows.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { foreignTicks, rowsByOthers } from '../../lib/tables/foreignTicks.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { verify } from '../../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../../lib/verify/verifyTables.ts'
import { appendToBranch } from '../support/branchWriter.ts'
import { faultyCatalog } from '../support/faultyCatalog.ts'
import { deleteRows } from '../support/foreignDeletes.ts'
import { commitForeign, mergeFiles, rewriteRows, rowsIn, writeRows } from '../support/foreignEngine.ts'
import { insertDay } from '../support/insertDay.ts'
import { addTicks, candlesIn, rollBack, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const MINUTE_MS = 60_000
/** The clock stands at 2026-03-01T12:00:10. */
const LIVE = '2026-03-01T12:00:01'
/** A minute that has no time for the backlog. */
const LIVE_ONLY: Budget = { ...UNBOUNDED, mayBegin: () => false }

let world: World
let warnings: [string, Readonly<Record<string, unknown>>?][]
beforeEach(async () => {
  world = await newWorld()
  warnings = []
})
const load = (ident = CANDLES_TABLE) => world.catalog.loadTable(ident)
const files = async (ident = TICKS_TABLE) => planFiles(world.services.store, await load(ident))
const publish = () => publishCandles(world.services, () => 100_000)
const sent = async () => {
  const { high } = (await world.log.offsets('candle_m1')).get(0) ?? { high: 0 }
  return high
}

/** A process that has not seen the table before: others have taken its next sequence number. */
async function coldIngest(): Promise<void> {
  world.services.trust.table = undefined
  await addTicks(world, [LIVE])
}

async function rollUp(budget = UNBOUNDED) {
  world.clock.nowMs += MINUTE_MS
  const log = {
    ...world.services.log,
    warn: (...warning: (typeof warnings)[number]) => void warnings.push(warning),
  }
  return rollupCandles({ ...withTrino(world), log }, budget)
}

/** Volumes of the candles of a timeframe, by symbol and start. */
async function volumes(timeframe: string): Promise<Record<string, number>> {
  const rows = (await candlesIn(world)).filter(row => row.timeframe === timeframe)
  return Object.fromEntries(
    rows.map(({ symbol, dateTimeUs, volume }) => [`${symbol} ${time(dateTimeUs)}`, volume] as const).sort(),
  )
}
const time = (us: number) => new Date(us / 1000).toISOString().slice(5, 16)

/** The days of which candles are held, each with all its hours. */
async function heldDays(): Promise<string[]> {
  const days = (await stateOfCandles(world)).held.days()
  expect(days.every(([, hours]) => hours === 0xffffff)).toBe(true)
  return days.map(([day]) => new Date(day * 86_400_000).toISOString().slice(0, 10))
}

/** All that is wrong by `verify`, which shares no code with the rollup. */
const findings = async () => (await verified()).differences
const verified = () =>
  verify(world.services, {}, () => {}, { ...VERIFY_LIMITS, publishPatienceMs: 0, pauseMs: 1 })

const deleteTicks = (isDeleted: (row: Record<string, unknown>) => boolean) =>
  rewriteRows(world, TICKS_TABLE, row => (isDeleted(row) ? undefined : row))

describe('ticks that another engine deletes', () => {
  beforeEach(async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-20T10:05:00'], { symbols: ['x', 'y'] })
    await addTicks(world, ['2026-02-27T10:00:01', LIVE], { symbols: ['x', 'y'] })
    await rollUp()
    await publish()
  })

  test('take their candles along, of one symbol and no other, with tombstones; verify is clean', async () => {
    await deleteTicks(
      ({ symbol, date_time }) => symbol === 'x' && Number(date_time) < Date.UTC(2026, 1, 21) * 1000,
    )
    await rollUp()
    await publish()
    expect(await volumes('m1')).toEqual({
      'x 02-27T10:00': 1,
      'x 03-01T12:00': 1,
      'y 02-20T10:00': 1,
      'y 02-20T10:05': 1,
      'y 02-27T10:00': 1,
      'y 03-01T12:00': 1,
    })
    expect(await volumes('M1')).toEqual({
      'x 02-01T00:00': 1,
      'x 03-01T00:00': 1,
      'y 02-01T00:00': 3,
      'y 03-01T00:00': 1,
    })
    expect(await findings()).toEqual([])
  })

  test('are told of once, and counted', async () => {
    await deleteTicks(({ symbol }) => symbol === 'x')
    await rollUp()
    await rollUp()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject([
      expect.stringContaining('market_data.stock_ticks'),
      { kinds: { deleted: 1 }, operation: 'overwrite', snapshotId: expect.any(String), hours: 3 },
    ])
    expect((await stateOfCandles(world)).foreign).toEqual({ stock_ticks: { deleted: 1 }, candles: {} })
  })

  test('are heard of although ingest has committed so often since that their snapshot is off the list', async () => {
    await deleteTicks(({ symbol }) => symbol === 'x')
    const { snapshotId } = (await load(TICKS_TABLE)).metadata.refs.main!
    for (let i = 0; i < 3; i++) await addTicks(world, [LIVE])
    await expireTicks(({ summary }) => summary['tickhouse.vector'] === undefined)
    expect((await load(TICKS_TABLE)).metadata.snapshots.some(s => s.snapshotId === snapshotId)).toBe(false)
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 03-01T12:00': 3 })
    expect(await volumes('m1')).not.toHaveProperty('x 02-27T10:00')
    expect(await findings()).toEqual([])
  })

  test('make every hour stale where their snapshot was expired before anybody looked, and told so', async () => {
    await deleteTicks(({ symbol }) => symbol === 'x')
    await mergeFiles(world, TICKS_TABLE, (await files()).slice(0, 1), false)
    await expireTicks(({ summary }) => summary.operation === 'overwrite')
    await rollUp().catch(error => expect(error.code).toBe('STATE_MISSING'))
  })

  test('come back with another revision when they are ingested by another engine again', async () => {
    const before = await load(TICKS_TABLE)
    await deleteTicks(({ symbol }) => symbol === 'x')
    await rollUp()
    await publish()
    await rollBack(world, before)
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1, 'y 02-20T10:00': 1 })
    const row = (await candlesIn(world)).find(({ symbol, timeframe }) => symbol === 'x' && timeframe === 'M1')
    expect(row?.revision).toBe(3)
    expect(await findings()).toEqual([])
  })

  test('are as if nothing had happened where the deletion is rolled back before anybody looked', async () => {
    const before = await load(TICKS_TABLE)
    await deleteTicks(({ symbol }) => symbol === 'x')
    await rollBack(world, before)
    await coldIngest()
    await rollUp()
    expect(warnings).toEqual([])
    expect((await stateOfCandles(world)).hours.stale.isEmpty).toBe(true)
    await publish()
    expect(await findings()).toEqual([])
  })

  async function expireTicks(isGone: (snapshot: Snapshot) => boolean): Promise<void> {
    const { metadata } = await load(TICKS_TABLE)
    const snapshotIds = metadata.snapshots.filter(isGone).map(({ snapshotId }) => snapshotId)
    await world.catalog.commit(
      TICKS_TABLE,
      [{ type: 'assert-table-uuid', uuid: metadata.tableUuid }],
      [
        {
          action: 'remove-snapshots',
          snapshotIds: snapshotIds.filter(id => id !== metadata.currentSnapshotId),
        },
      ],
    )
  }
})

describe('while others change ticks after each commit of a rollup', () => {
  /** What others do after each commit of candles; a rollup of a minute meanwhile. */
  async function rollUpBeside(change: () => Promise<unknown>) {
    const catalog: Catalog = {
      ...faultyCatalog(world.catalog),
      async commit(...commit) {
        const table = await world.catalog.commit(...commit)
        await change()
        return table
      },
    }
    world.clock.nowMs += MINUTE_MS
    return rollupCandles({ ...withTrino(world), catalog }, UNBOUNDED)
  }

  test('stale hours are computed from the ticks that it has looked at', async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-21T10:00:01', LIVE], { symbols: ['x', 'y'] })
    const whole = await load(TICKS_TABLE)
    const done = await rollUpBeside(() => deleteTicks(({ symbol }) => symbol === 'x'))
    expect(done).toMatchObject({ rounds: 2, hoursDone: 2, hoursStale: 0 })
    expect(Object.keys(await volumes('D1'))).toHaveLength(6)
    await rollUp()
    await publish()
    expect(Object.keys(await volumes('D1'))).toHaveLength(3)
    expect(await findings()).toEqual([])
    await rollBack(world, whole)
    await rollUp()
    await publish()
    expect(Object.keys(await volumes('D1'))).toHaveLength(6)
    expect(await findings()).toEqual([])
  })

  test('no stale hour is computed where the version that it has looked at is no longer listed', async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-21T10:00:01', LIVE], { symbols: ['x', 'y'] })
    const { snapshots } = (await load(TICKS_TABLE)).metadata
    const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId)
    const done = await rollUpBeside(async () => {
      await deleteTicks(({ symbol }) => symbol === 'x')
      await world.catalog.commit(TICKS_TABLE, [], [{ action: 'remove-snapshots', snapshotIds }])
    })
    expect(done).toMatchObject({ rounds: 1, hoursDone: 0, hoursStale: 2 })
  })
})

test.each(['0001-01-01', '9999-12-31', '+057970-01-01'])(
  'ticks of another engine at %s, of which no candle is made, keep nothing from going on',
  async date => {
    await addTicks(world, ['2026-02-20T10:00:01', LIVE])
    await rollUp()
    await insertDay(world, Date.parse(date) / 86_400_000)
    await coldIngest()
    await markRanges(world.services, [EVER])
    await rollUp()
    await coldIngest()
    await rollUp()
    expect((await stateOfCandles(world)).hours.stale).toEqual(HourSet.EMPTY)
    expect((await stateOfCandles(world)).foreign.stock_ticks).toEqual({ appended: 1 })
  },
)

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'of a tick whose price another engine has set to %s no candle is made; others go on',
  async mid => {
    await addTicks(world, [LIVE, '2026-02-20T10:00:01'], { symbols: ['x', 'y'] })
    await rollUp()
    await rewriteRows(world, TICKS_TABLE, row => (row.symbol === 'x' ? { ...row, mid } : row))
    await addTicks(world, ['2026-03-01T12:00:02'], { symbols: ['x', 'y'] })
    await rollUp()
    await publish()
    expect(await volumes('m1')).toEqual({ 'x 03-01T12:00': 1, 'y 02-20T10:00': 1, 'y 03-01T12:00': 2 })
    expect(await findings()).toEqual([])
  },
)

describe('ticks that another engine adds', () => {
  const day = (text: string) => Date.parse(`${text}Z`) * 1000
  /** Rows like the first one of the table, of another day. */
  async function insert(dateTime: string, ...places: Record<string, number | bigint>[]): Promise<void> {
    const table = await load(TICKS_TABLE)
    const [like] = await rowsIn(world, TICKS_TABLE)
    const rows = places.map(place => ({ ...like!, date_time: day(dateTime), ...place }))
    await commitForeign(world, TICKS_TABLE, { add: await writeRows(world, table, rows), remove: [] })
  }

  test.each([
    ['far above all that were read', { kafka_offset: 10n ** 12n }],
    ['below all', { kafka_offset: -1n }],
    ['of a partition that there is not', { kafka_partition: 77 }],
    ['of an epoch that there is not', { kafka_epoch: 77 }],
    ['of the next records', { kafka_offset: 3n }],
  ])('are in candles by the next rollup, with offsets %s; it is logged, and stays so', async (_, place) => {
    await addTicks(world, ['2026-02-19T10:00:01', LIVE])
    await rollUp()
    await insert('2026-02-20T10:00:01', place)
    await rollUp()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1 })
    expect(warnings).toMatchObject([[expect.stringContaining('stock_ticks'), { kinds: { appended: 1 } }]])
    // What ingest takes in meanwhile passes their offsets.
    for (let commit = 0; commit < 4; commit++) {
      await addTicks(world, [LIVE])
      await rollUp(LIVE_ONLY)
    }
    await repairAll()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1, 'x 03-01T12:00': 5 })
    expect(await findings()).toEqual([])
  })

  test.each(['1690-01-01', '1699-12-31', '2250-01-01'])(
    'at %s are in no candle: verify says how many there are, and is clean',
    async date => {
      await addTicks(world, ['2026-02-19T10:00:01', LIVE])
      await rollUp()
      await insert(`${date}T10:00:01`, { kafka_offset: 7n }, { kafka_offset: 8n })
      await repairAll()
      await publish()
      expect(await findings()).toEqual([])
      expect(await verified()).toMatchObject({ ticks: 2, outside: 2 })
    },
  )

  test('of the next records are there also while the backlog works, and ingest goes on', async () => {
    await addTicks(world, ['2026-02-19T10:00:01', LIVE])
    await rollUp()
    await insert('2026-02-20T10:00:01', { kafka_offset: 3n })
    // Ingest passes their offsets after the live round has looked at the tables, and before their hour is computed.
    let isPassed = false
    const services = withTrino(world, async ({ isBacklog }) => {
      if (isBacklog || isPassed) return
      isPassed = true
      await addTicks(world, [LIVE, LIVE, LIVE])
    })
    world.clock.nowMs += MINUTE_MS
    await addTicks(world, [LIVE])
    await rollupCandles(services, UNBOUNDED)
    expect(isPassed).toBe(true)
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1, 'x 03-01T12:00': 5 })
    expect(await findings()).toEqual([])
  })

  /** All hours with rows are computed again. */
  async function repairAll(): Promise<void> {
    await markRanges(world.services, [EVER])
    await rollUp()
  }
})

describe('ticks that another engine deletes by their places', () => {
  const deleteDay = async (day: number) => {
    const ofDay = (await files()).filter(file => file.partition.date_time_day === day)
    for (const file of ofDay)
      await deleteRows({ catalog: world.catalog, store: world.services.store }, TICKS_TABLE, [
        { file, places: Array.from({ length: file.recordCount }, (_, i) => i) },
      ])
  }
  const dayOf = (date: string) => Date.parse(date) / 86_400_000
  beforeEach(async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-21T10:00:01', '2026-02-22T10:00:01', LIVE])
    await rollUp()
    await publish()
  })

  test('take their candles along', async () => {
    await deleteDay(dayOf('2026-02-21'))
    await rollUp()
    await publish()
    expect(Object.keys(await volumes('m1'))).toEqual(['x 02-20T10:00', 'x 02-22T10:00', 'x 03-01T12:00'])
    expect(await findings()).toEqual([])
  })

  test('by a file that is gone stop the hours of that day alone, and no live round', async () => {
    await deleteDay(dayOf('2026-02-20'))
    const [file] = (await files()).filter(({ deletes = [] }) => deletes.length > 0)
    await world.services.store.remove(file!.deletes![0]!.path)
    await expect(rollUp()).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    const { ticksSequence, held, hours } = await stateOfCandles(world)
    expect(ticksSequence).toBe((await load(TICKS_TABLE)).metadata.lastSequenceNumber)
    expect(held.isEmpty).toBe(true)
    expect(hours.stale.days().map(([day]) => day)).toEqual([dayOf('2026-02-20')])
  })

  test('and are all of the oldest day leave its candles alone; also once files of ours are merged', async () => {
    await deleteDay(dayOf('2026-02-20'))
    await rollUp()
    await publish()
    expect(await heldDays()).toEqual(['2026-02-20'])
    expect(Object.keys(await volumes('m1'))).toHaveLength(4)
    expect(await findings()).toEqual([])
  })
})

describe('ticks that another engine puts into other files', () => {
  test.each([
    ['of their age', true],
    ['without a starting sequence number', false],
  ])('hide none that nobody has seen: %s', async (_, keepsAge) => {
    await addTicks(world, ['2026-03-01T11:30:00'])
    await rollUp()
    await addTicks(world, ['2026-03-01T11:31:00'])
    await addTicks(world, ['2026-03-01T11:32:00'])
    await mergeFiles(world, TICKS_TABLE, await files(), keepsAge)
    await rollUp()
    expect(Object.keys(await volumes('m1'))).toEqual(['x 03-01T11:30', 'x 03-01T11:31', 'x 03-01T11:32'])
    expect(warnings).toEqual([])
  })

  test('by deleting one of them hide none of the others', async () => {
    for (let minute = 10; minute < 22; minute++) await addTicks(world, [`2026-02-01T00:${minute}:00`])
    await mergeFiles(world, TICKS_TABLE, await files(), true)
    let n = 0
    await deleteTicks(() => n++ === 5)
    await rollUp()
    expect(Object.keys(await volumes('m1'))).toHaveLength(11)
    expect(await volumes('D1')).toEqual({ 'x 02-01T00:00': 11 })
  })
})

describe('the oldest days of ticks, deleted by another engine', () => {
  const isOld = ({ date_time }: Record<string, unknown>) => Number(date_time) < Date.UTC(2026, 1, 25) * 1000
  beforeEach(async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-24T10:05:00'], { symbols: ['x', 'y'] })
    await addTicks(world, ['2026-02-26T10:00:01', LIVE], { symbols: ['x', 'y'] })
    await rollUp()
    await publish()
    await deleteTicks(isOld)
    await rollUp()
    await publish()
  })

  test('take no candle along; it is told, and verify is clean', async () => {
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1, 'y 02-24T10:05': 1 })
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 3 })
    expect(await heldDays()).toEqual(['2026-02-20', '2026-02-24'])
    expect(warnings).toMatchObject([
      [
        expect.any(String),
        { candlesHeld: { firstDay: '2026-02-20', lastDay: '2026-02-24', hours: 48 }, hours: 2 },
      ],
    ])
    expect(await findings()).toEqual([])
  })

  test('leave the rest of their month right: a late tick there joins what was kept', async () => {
    await addTicks(world, ['2026-02-26T10:00:02'])
    await rollUp()
    await publish()
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 4 })
    expect(await findings()).toEqual([])
  })

  test('let hours be that were to be done there, and closes wait for them no longer', async () => {
    await addTicks(world, ['2026-02-26T10:00:02', '2026-02-27T10:00:02'])
    world.clock.nowMs += MINUTE_MS
    await rollupCandles(withTrino(world), { ...UNBOUNDED, mayBegin: () => false })
    expect((await stateOfCandles(world)).hours.stale.size).toBe(2)
    await deleteTicks(({ date_time }) => Number(date_time) < Date.UTC(2026, 1, 27) * 1000)
    await rollUp()
    await publish()
    expect((await stateOfCandles(world)).hours.stale.isEmpty).toBe(true)
    expect(await volumes('m1')).toMatchObject({ 'x 02-26T10:00': 1, 'x 02-27T10:00': 1 })
    expect(await findings()).toEqual([])
  })

  test('hold nothing but what was deleted: history of other days comes in, also of older ones and between them', async () => {
    warnings = []
    await addTicks(world, ['2026-02-10T10:00:01', '2026-02-20T10:00:02', '2026-02-22T10:00:01'])
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({
      'x 02-10T10:00': 1,
      'x 02-20T10:00': 1,
      'x 02-22T10:00': 1,
    })
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 5, 'y 02-01T00:00': 3 })
    expect(await volumes('W1')).toMatchObject({ 'x 02-16T00:00': 2, 'x 02-09T00:00': 1 })
    expect(warnings).toMatchObject([[expect.stringContaining('held'), { minutes: 1 }]])
    expect(await findings()).toEqual([])
  })

  test('are joined by what is deleted after them, whatever late ticks are left there', async () => {
    await addTicks(world, ['2026-02-20T10:00:02'])
    await rollUp()
    await deleteTicks(({ date_time }) => {
      return (
        Number(date_time) > Date.UTC(2026, 1, 25) * 1000 && Number(date_time) < Date.UTC(2026, 1, 27) * 1000
      )
    })
    await rollUp()
    await publish()
    expect(await heldDays()).toEqual(['2026-02-20', '2026-02-24', '2026-02-26'])
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 3 })
    expect(await findings()).toEqual([])
  })

  test('are not joined by days that are deleted while an older one has ticks: their candles go', async () => {
    await addTicks(world, ['2026-02-10T10:00:01'])
    await rollUp()
    await deleteTicks(({ date_time }) => {
      return (
        Number(date_time) > Date.UTC(2026, 1, 25) * 1000 && Number(date_time) < Date.UTC(2026, 1, 27) * 1000
      )
    })
    await rollUp()
    await publish()
    expect(await heldDays()).toEqual(['2026-02-20', '2026-02-24'])
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 3, 'y 02-01T00:00': 2 })
    expect(await findings()).toEqual([])
  })

  test('follow their ticks again in a stretch alone, where that is asked for', async () => {
    const range = { fromUs: Date.UTC(2026, 1, 24) * 1000, toUs: Date.UTC(2026, 1, 25) * 1000 }
    await markRanges(world.services, [range], { followTicks: true })
    expect(await heldDays()).toEqual(['2026-02-20'])
    await rollUp()
    await publish()
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 2 })
    expect(await volumes('m1')).not.toHaveProperty('x 02-24T10:05')
    expect(await findings()).toEqual([])
  })

  test('are told of when late ticks come for them, which are not computed', async () => {
    warnings = []
    await addTicks(world, ['2026-02-20T10:00:02'])
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1 })
    expect(warnings).toMatchObject([[expect.stringContaining('held'), { minutes: 1 }]])
    expect(await findings()).toEqual([])
    await rollUp()
    expect(warnings).toHaveLength(1)
  })

  test('are not marked by a stretch of which they are a part, but when candles are to follow their ticks', async () => {
    const all = { fromUs: Date.UTC(2026, 0) * 1000, toUs: Date.UTC(2026, 3) * 1000 }
    await markRanges(world.services, [all])
    await rollUp()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1 })
    await markRanges(world.services, [all], { followTicks: true })
    expect(await heldDays()).toEqual([])
    await rollUp()
    await publish()
    expect(Object.keys(await volumes('m1'))).toEqual([
      'x 02-26T10:00',
      'x 03-01T12:00',
      'y 02-26T10:00',
      'y 03-01T12:00',
    ])
    expect(await volumes('M1')).toMatchObject({ 'x 02-01T00:00': 1 })
    expect(await findings()).toEqual([])
  })

  test('come back, and candles follow them from then on', async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-24T10:05:00', '2026-02-24T10:06:00'])
    await rollUp()
    expect(await volumes('m1')).not.toHaveProperty('x 02-24T10:06')
    const range = { fromUs: Date.UTC(2026, 1, 20) * 1000, toUs: Date.UTC(2026, 1, 26) * 1000 }
    await markRanges(world.services, [range], { followTicks: true })
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 02-24T10:06': 1, 'x 02-20T10:00': 1 })
    expect(await volumes('m1')).not.toHaveProperty('y 02-20T10:00')
    expect(await findings()).toEqual([])
  })
})

test('the ticks of today are never the oldest days, also where none are left', async () => {
  await addTicks(world, [LIVE])
  await rollUp()
  await deleteTicks(() => true)
  await rollUp()
  expect((await candlesIn(world)).every(({ timeframe }) => timeframe.startsWith('removed_'))).toBe(true)
  expect(await heldDays()).toEqual([])
})

describe('candles that another engine changes', () => {
  let before: readonly Candle[]
  beforeEach(async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-20T10:05:00', LIVE], { symbols: ['x', 'y'] })
    await rollUp()
    await publish()
    before = await rows()
  })
  const rows = async () => (await candlesIn(world)).toSorted((a, b) => candleId(a).localeCompare(candleId(b)))
  const later = { updated_at: Date.UTC(2026, 2, 1, 13) * 1000 }
  const changes: [string, (row: Record<string, unknown>) => Record<string, unknown> | undefined][] = [
    ['deleted', row => (row.symbol === 'x' && row.timeframe === 'm1' ? undefined : row)],
    ['spoiled', row => ({ ...row, high: 1_000 })],
    ['spoiled with a newer stamp', row => ({ ...row, ...later, high: 1_000 })],
    ['all deleted', () => undefined],
  ]

  test.each(changes)('are as they were, revision and all, and nothing is sent: %s', async (_, change) => {
    const messages = await sent()
    await rewriteRows(world, CANDLES_TABLE, change as never)
    await publish()
    await rollUp()
    await publish()
    expect(await rows()).toEqual(before)
    expect(await sent()).toBe(messages)
    expect(await findings()).toEqual([])
    expect(warnings).toMatchObject([
      [expect.stringContaining('market_data.candles'), { operation: 'overwrite' }],
    ])
    const { foreign, hours } = await stateOfCandles(world)
    expect(Object.values(foreign.candles)).toEqual([1])
    expect(hours.stale).toEqual(HourSet.EMPTY)
  })

  test('are published as they were before, whatever stamps they are given', async () => {
    await addTicks(world, [LIVE])
    await rollUp()
    await rewriteRows(world, CANDLES_TABLE, row => ({ ...row, ...later, high: 1_000 }))
    await publish()
    const { high } = (await world.log.offsets('candle_m1')).get(0)!
    for await (const records of world.log.records('candle_m1', 0, 0, high))
      for (const { value } of records) expect(JSON.parse(Buffer.from(value!).toString()).high).toBe(1.5)
    await rollUp()
    await publish()
    expect(await findings()).toEqual([])
  })

  test('and the next tick joins what was there', async () => {
    await rewriteRows(world, CANDLES_TABLE, row => (row.timeframe === 'm1' ? undefined : row))
    await addTicks(world, ['2026-02-20T10:00:02'])
    await rollUp()
    await publish()
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 2, 'x 02-20T10:05': 1 })
    expect(await volumes('h1')).toMatchObject({ 'x 02-20T10:00': 3 })
    expect(await findings()).toEqual([])
  })

  test('are taken back also where a mark of ours has come since, which stays', async () => {
    await rewriteRows(world, CANDLES_TABLE, () => undefined)
    await markRanges(world.services, [
      { fromUs: Date.UTC(2026, 1, 20) * 1000, toUs: Date.UTC(2026, 1, 21) * 1000 },
    ])
    expect((await stateOfCandles(world)).hours.damaged.isEmpty).toBe(false)
    await rollUp()
    expect(await rows()).toEqual(before)
  })

  describe('and whose version before is expired', () => {
    /** Another engine changes rows, and expires all but its own version; a mark of ours carries the state. */
    async function changeAndExpire(
      change: (row: Record<string, unknown>) => Record<string, unknown> | undefined,
    ) {
      const { metadata } = await load()
      await rewriteRows(world, CANDLES_TABLE, change as never)
      await markRanges(world.services, [])
      const snapshotIds = metadata.snapshots.map(({ snapshotId }) => snapshotId)
      await world.catalog.commit(CANDLES_TABLE, [], [{ action: 'remove-snapshots', snapshotIds }])
    }

    /** What was sent of each candle and revision, and the number of tombstones. */
    async function messages() {
      const contents = new Map<string, Set<string>>()
      let tombstones = 0
      for (const topic of candleTopics(world.services.settings)) {
        for (const [partition, { low, high }] of await world.log.offsets(topic)) {
          for await (const records of world.log.records(topic, partition, low, high)) {
            for (const { key, value } of records) {
              if (value === null) tombstones += 1
              const { revision, updatedAt, ...values } = JSON.parse(String(value)) ?? {}
              const name = `${topic} ${key} ${revision}`
              contents.set(name, (contents.get(name) ?? new Set()).add(JSON.stringify(values)))
            }
          }
        }
      }
      const all = [...contents.values()].flatMap(some => [...some])
      return { highs: all.map(text => JSON.parse(text).high), contents, tombstones }
    }

    test.each([
      ['of the next minute', later],
      ['of the year 2200', { updated_at: Date.UTC(2200, 0) * 1000 }],
      ['of before', { updated_at: 1 }],
      ['of the next minute, and with timeframes that nobody knows', { ...later, timeframe: 'm2' }],
    ])('nothing of theirs is sent, with stamps %s', async (_, theirs) => {
      await addTicks(world, [LIVE], { mid: 1.75 })
      await rollUp()
      // What that changed is not sent yet.
      await changeAndExpire(row => (row.symbol === 'x' ? { ...row, ...theirs, high: 1_000 } : row))
      expect(await publish()).toMatchObject({ sent: 0, complete: false })
      await addTicks(world, [LIVE])
      // A call that ends after it has removed what may be theirs leaves nothing half done.
      const failing = { ...withTrino(world, () => Promise.reject(new Error('Trino is away'))) }
      await expect(rollupCandles(failing, UNBOUNDED)).rejects.toThrow('Trino is away')
      expect(await publish()).toMatchObject({ sent: 0, complete: false })
      // What is sent after the live round is sent before its candles are computed again.
      for (const budget of [LIVE_ONLY, UNBOUNDED, UNBOUNDED]) {
        await rollUp(budget)
        expect(await publish()).toMatchObject({ complete: true })
      }
      const { highs, contents } = await messages()
      expect(Math.max(...highs.filter(high => high !== undefined))).toBe(1.75)
      expect([...contents].filter(([, { size }]) => size > 1)).toEqual([])
      expect((await rows()).filter(({ timeframe }) => timeframe === 'm2')).toEqual([])
      expect(await findings()).toEqual([])
      expect(warnings).toMatchObject([[expect.stringContaining('the version before is gone'), {}]])
    })

    test('a file of theirs that is gone keeps no live candle from being made', async () => {
      await changeAndExpire(row => ({ ...row, ...later, high: 1_000 }))
      const within = { timeframe: { from: 'm5', to: 'm5' }, date_time: { to: Date.UTC(2026, 1, 28) * 1000 } }
      const [file] = await planFiles(world.services.store, await load(), { within })
      await world.services.store.remove(file!.path)
      await addTicks(world, [LIVE])
      expect(await rollUp(LIVE_ONLY)).toMatchObject({ rounds: 1, behind: 0 })
    })

    test('a candle that was removed, and not sent yet, is sent as a tombstone', async () => {
      await deleteTicks(
        ({ symbol, date_time }) => symbol === 'x' && Number(date_time) < Date.UTC(2026, 2) * 1000,
      )
      await addTicks(world, ['2026-02-20T10:00:01'], { symbols: ['z'] })
      await rollUp()
      await changeAndExpire(row => ({ ...row, ...(row.symbol === 'y' && later), high: 1_000 }))
      await rollUp()
      await publish()
      expect((await messages()).tombstones).toBeGreaterThan(2)
      expect(await findings()).toEqual([])
    })

    test('held candles stay, with a revision above all others', async () => {
      await deleteTicks(({ date_time }) => Number(date_time) < Date.UTC(2026, 2) * 1000)
      await rollUp()
      await publish()
      expect(await heldDays()).toEqual(['2026-02-20'])
      await changeAndExpire(row => ({ ...row, ...later }))
      await rollUp()
      await publish()
      expect(await volumes('m1')).toMatchObject({
        'x 02-20T10:00': 1,
        'x 02-20T10:05': 1,
        'x 03-01T12:00': 1,
      })
      const held = (await rows()).filter(({ dateTimeUs }) => dateTimeUs < Date.UTC(2026, 1, 22) * 1000)
      expect(held.filter(({ timeframe }) => timeframe === 'D1')).toMatchObject([
        { revision: 2 },
        { revision: 2 },
      ])
      expect([...(await messages()).contents].filter(([, { size }]) => size > 1)).toEqual([])
      expect(await findings()).toEqual([])
    })

    test('deleted ones are made again above all revisions that were sent', async () => {
      await changeAndExpire(row => (row.symbol === 'x' ? undefined : row))
      await rollUp()
      await publish()
      expect((await stateOfCandles(world)).foreign.candles).toEqual({ deleted: 1 })
      const x = (await rows()).filter(({ symbol }) => symbol === 'x')
      expect(x).toHaveLength(before.length / 2)
      expect(x.every(({ revision }) => revision > 1)).toBe(true)
      expect(await findings()).toEqual([])
    })
  })

  test('are taken back also where they change right after a commit, as its answer shows', async () => {
    await addTicks(world, ['2026-02-20T10:00:30', LIVE])
    let commits = 0
    const catalog: Catalog = {
      ...faultyCatalog(world.catalog),
      async commit(...commit) {
        const table = await world.catalog.commit(...commit)
        if (commit[0].name !== CANDLES_TABLE.name || commits++ > 0) return table
        return rewriteRows(world, CANDLES_TABLE, row => (row.timeframe === 'm1' ? undefined : row))
      },
    }
    world.clock.nowMs += MINUTE_MS
    await rollupCandles({ ...withTrino(world), catalog }, UNBOUNDED)
    await publish()
    expect(commits).toBe(3)
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 2, 'x 02-20T10:05': 1, 'x 03-01T12:00': 2 })
    expect(await findings()).toEqual([])
  })

  test('are made again where the version before is expired, files and all, while a round goes on from it', async () => {
    const old = await files(CANDLES_TABLE)
    const { snapshots } = (await load()).metadata
    await rewriteRows(world, CANDLES_TABLE, row => ({ ...row, high: 1_000 }))
    await addTicks(world, [LIVE])
    let isExpired = false
    const expire = async () => {
      if (isExpired) return
      isExpired = true
      const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId)
      await world.catalog.commit(CANDLES_TABLE, [], [{ action: 'remove-snapshots', snapshotIds }])
      for (const { path } of old) await world.services.store.remove(path)
    }
    const { store } = world.services
    const write = store.write.bind(store)
    Object.assign(store, {
      write: async (...file: Parameters<ObjectStore['write']>) => {
        await expire()
        await write(...file)
      },
    })
    world.clock.nowMs += MINUTE_MS
    await rollupCandles(withTrino(world), UNBOUNDED)
    await publish()
    expect(isExpired).toBe(true)
    expect(await volumes('m1')).toMatchObject({ 'x 02-20T10:00': 1, 'x 03-01T12:00': 2 })
    expect(await findings()).toEqual([])
  })

  test('are taken back also while others write to a branch faster than a round takes', async () => {
    await rewriteRows(world, CANDLES_TABLE, row => ({ ...row, high: 1_000 }))
    const catalog: Catalog = {
      ...faultyCatalog(world.catalog),
      async commit(...commit) {
        if (!isRenumbered(commit)) await appendToBranch(world.catalog, CANDLES_TABLE)
        return world.catalog.commit(...commit)
      },
    }
    const offered = new Set<string>()
    const isRenumbered = ([, , updates]: Parameters<Catalog['commit']>) => {
      const [id] = updates.flatMap(each => (each.action === 'add-snapshot' ? [each.snapshot.snapshotId] : []))
      const isKnown = offered.has(String(id))
      offered.add(String(id))
      return isKnown
    }
    world.clock.nowMs += MINUTE_MS
    await rollupCandles({ ...withTrino(world), catalog }, UNBOUNDED)
    await publish()
    expect(await rows()).toEqual(before)
    expect(await findings()).toEqual([])
  })

  test('are left in the files that they were put into, where the rows are the same', async () => {
    const merged = await mergeFiles(world, CANDLES_TABLE, [(await files(CANDLES_TABLE))[0]!], true)
    const path = (await planFiles(world.services.store, merged)).find(
      ({ snapshotId }) => snapshotId === merged.metadata.currentSnapshotId,
    )?.path
    await rollUp()
    expect(await rows()).toEqual(before)
    expect(warnings).toEqual([])
    expect(path).toBeDefined()
  })
})

test.each([TICKS_TABLE, CANDLES_TABLE])(
  'to expire every snapshot of $name but the newest is no change',
  async ident => {
    await addTicks(world, ['2026-02-20T10:00:01'])
    await rollUp()
    await addTicks(world, [LIVE])
    await rollUp()
    const { metadata } = await load(ident)
    const snapshotIds = metadata.snapshots
      .map(({ snapshotId }) => snapshotId)
      .filter(id => id !== metadata.currentSnapshotId)
    await world.catalog.commit(ident, [], [{ action: 'remove-snapshots', snapshotIds }])
    await rollUp()
    await coldIngest()
    await rollUp()
    expect(warnings).toEqual([])
    expect((await stateOfCandles(world)).foreign).toEqual({ candles: {}, stock_ticks: {} })
  },
)

test('no day is held for the week or month that began in it, where nobody can tell what others did', async () => {
  await addTicks(world, ['2026-02-26T10:00:01', LIVE])
  await rollUp()
  const { metadata } = await load()
  await rewriteRows(world, CANDLES_TABLE, row => ({ ...row, high: 1_000 }))
  await markRanges(world.services, [])
  const snapshotIds = metadata.snapshots.map(({ snapshotId }) => snapshotId)
  await world.catalog.commit(CANDLES_TABLE, [], [{ action: 'remove-snapshots', snapshotIds }])
  await rollUp()
  expect(await heldDays()).toEqual([])
  await addTicks(world, ['2026-02-23T10:00:01'])
  await rollUp()
  await publish()
  expect(await volumes('W1')).toMatchObject({ 'x 02-23T00:00': 3 })
  expect(await findings()).toEqual([])
})

describe('what ingest passes on', () => {
  const foreign = async () => foreignTicks(await load(TICKS_TABLE))

  test('is how many rows others removed and added', async () => {
    await addTicks(world, ['2026-02-20T10:00:01', '2026-02-20T10:05:00'], { symbols: ['x', 'y'] })
    await deleteTicks(({ symbol }) => symbol === 'x')
    expect(await rowsByOthers(world.services.store, await load(TICKS_TABLE))).toBe(-2)
    await addTicks(world, [LIVE])
    expect(await foreign()).toMatchObject({ rows: -2, changes: [{ kinds: { deleted: 1 } }] })
    await addTicks(world, [LIVE])
    expect(await foreign()).toMatchObject({ rows: -2, changes: [{ kinds: { deleted: 1 } }] })
  })

  test('is short, however much others do, and forgets no hour of it', async () => {
    for (let day = 10; day < 28; day++) {
      await addTicks(world, [`2026-02-${day}T10:00:01`])
      await deleteTicks(({ date_time }) => Number(date_time) === Date.UTC(2026, 1, day, 10, 0, 1) * 1000)
    }
    await addTicks(world, [LIVE])
    const { changes } = await foreign()
    expect(changes).toHaveLength(16)
    const hours = changes.reduce((all, change) => all.union(change.hours as HourSet), HourSet.EMPTY)
    expect(hours.size).toBe(18)
    expect(changes.reduce((sum, { kinds }) => sum + (kinds.deleted ?? 0), 0)).toBe(18)
  })

  test('is nothing where others touched a branch alone', async () => {
    await addTicks(world, [LIVE])
    const { metadata } = await load(TICKS_TABLE)
    const main = metadata.refs.main!.snapshotId
    const committed = await commitForeign(world, TICKS_TABLE, { add: [], remove: await files() })
    const onBranch = committed.metadata.currentSnapshotId!
    await world.catalog.commit(
      TICKS_TABLE,
      [],
      [
        { action: 'set-snapshot-ref', ref: 'audit', type: 'branch', snapshotId: onBranch },
        { action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId: main },
      ],
    )
    await coldIngest()
    expect(await foreign()).toMatchObject({ rows: 0, changes: [] })
    await rollUp()
    expect(await volumes('m1')).toEqual({ 'x 03-01T12:00': 2 })
  })
})
