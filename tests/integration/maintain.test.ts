import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReaderName, read } from '../../bench/readers/readers.ts'
import { differences, type TableReport } from '../../bench/readers/report.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { checkCounts } from '../../lib/maintain/checkCounts.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { rollUpInMemory } from '../support/memoryRollup.ts'
import { catchUp, runVerify, strayFiles, TickCommits } from './maintainWorld.ts'
import { sandboxEnv, services, until } from './sandbox.ts'

const SOURCE = 'MAINTAIN'
const TICKS = 'market_data.stock_ticks'
const CANDLES = 'market_data.candles'
const READERS = ['pyiceberg', 'duckdb', 'trino'] as const satisfies ReaderName[]
const connections = services()
const { catalog, store } = connections
const enoughTime = () => 240_000
const ticks = new TickCommits(connections, SOURCE)

/** As rollup does it, but for the computing: that is the oracle's. */
async function settlePipeline(): Promise<void> {
  const wholeMinuteUs = Math.floor(Date.now() / 60_000) * 60_000_000
  const { closedUntilUs } = candlesState(await catalog.loadTable(CANDLES_TABLE))
  await rollUpInMemory(connections, Math.max(closedUntilUs, wholeMinuteUs))
  await publishCandles(connections, enoughTime)
}

const snapshotOf = async (ident: typeof TICKS_TABLE) => currentSnapshot(await catalog.loadTable(ident))!

async function reportOf(reader: ReaderName, table: string): Promise<TableReport> {
  const env = { ...process.env, ...sandboxEnv() }
  const { cacheDir } = readSettings()
  const reports = await read(reader, { tables: [table], symbol: 'S1', env, cacheDir, onProgress: () => {} })
  return [...reports.values()][0]!
}

beforeAll(async () => {
  await ticks.add(12)
  await settlePipeline()
})
afterAll(() => connections.close())

describe('maintain on real servers', () => {
  const before = new Map<string, TableReport>()
  let heldSnapshot: bigint
  beforeAll(async () => {
    heldSnapshot = (await snapshotOf(TICKS_TABLE)).snapshotId
    for (const table of [TICKS, CANDLES]) before.set(table, await reportOf('pyiceberg', table))
  })

  test('merges the ticks of 12 commits on 2 days into 1 file a day', async () => {
    const result = await maintain(connections, { only: 'compaction' }, enoughTime)
    expect(result[TICKS]!.merged).toBeGreaterThanOrEqual(12)
    const { summary, sequenceNumber } = await snapshotOf(TICKS_TABLE)
    expect(summary.operation).toBe('replace')
    const files = await planFiles(store, await catalog.loadTable(TICKS_TABLE))
    const newest = files.filter(file => file.fileSequenceNumber === sequenceNumber)
    expect(newest.length).toBeGreaterThanOrEqual(2)
    expect(newest.every(file => file.sequenceNumber < sequenceNumber)).toBe(true)
  })

  test.each(READERS)(
    '%s finds the same rows as before, and those of the snapshot before too',
    async reader => {
      for (const table of [TICKS, CANDLES]) {
        expect(differences(before.get(table)!, await reportOf(reader, table))).toEqual([])
      }
      expect(differences(before.get(TICKS)!, await reportOf(reader, `${TICKS}@${heldSnapshot}`))).toEqual([])
    },
  )

  test('rollup reads nothing again, and takes late ticks in as ever', async () => {
    // In the minute up to which all is closed: others may have left candles that would close since.
    const { closedUntilUs } = candlesState(await catalog.loadTable(CANDLES_TABLE))
    const thatMinute = { ...connections, nowMs: () => closedUntilUs / 1000 + 1_000 }
    expect(await rollupCandles(thatMinute, UNBOUNDED)).toMatchObject({ changed: 0, behind: 0 })
    ticks.sent -= 20
    await ticks.add(1)
    expect(await rollupCandles(connections, UNBOUNDED)).toMatchObject({ behind: 0 })
    await catchUp(connections)
    await publishCandles(connections, enoughTime)
    expect(await runVerify()).toMatchObject({ code: 0, findings: { differenceCount: 0 } })
  })

  test('names every file as the store lists it', async () => {
    expect((await strayFiles(connections)).missing).toEqual([])
  })

  test('removes an orphan when its time has come, and nothing that anyone can reach', async () => {
    const { location } = (await catalog.loadTable(TICKS_TABLE)).metadata
    const orphan = `${location}/data/${crypto.randomUUID()}.parquet`
    await store.write(orphan, Uint8Array.of(1))
    const settings = { ...connections.settings, retentionMs: 3_000 }
    const isGone = () =>
      store.read(orphan).then(
        () => false,
        () => true,
      )
    await until('the orphan is removed', async () => {
      await ticks.add(1)
      await maintain({ ...connections, settings }, { only: 'orphans' }, enoughTime)
      return isGone()
    })
    await settlePipeline()
    expect(await runVerify()).toMatchObject({ code: 0, findings: { differenceCount: 0 } })
    const listed = (await catalog.loadTable(TICKS_TABLE)).metadata.snapshots.map(s => s.snapshotId)
    expect(listed).toContain(heldSnapshot)
    expect((await reportOf('pyiceberg', `${TICKS}@${heldSnapshot}`)).count).toBe(before.get(TICKS)!.count)
  })
})

describe('verify on real servers', () => {
  test('finds a candle that was changed by hand, and ends with 1; again right, with 0', async () => {
    const right = await catalog.loadTable(CANDLES_TABLE)
    const [file] = await planFiles(store, right, { keep: ({ partition }) => partition.timeframe === 'h1' })
    const [first, ...rest] = await readCandles(store, file!)
    const rows = [{ ...first!, open: first!.open + 1 }, ...rest]
    const add = [await writeDataFile(store, right, candleColumns(rows), rows.length)]
    const change = { add, remove: [file!], summary: carriedState(right), nowMs: Date.now() }
    await commitSnapshot(catalog, right, await stageSnapshot(store, right, change))
    const { code, findings } = await runVerify()
    expect(code).toBe(1)
    expect(findings.differences).toMatchObject([
      { in: 'iceberg', problem: 'differs', candle: { symbol: first!.symbol }, fields: { open: {} } },
      { in: 'kafka', problem: 'differs', candle: { symbol: first!.symbol }, fields: { open: {} } },
    ])
    const snapshotId = right.metadata.currentSnapshotId!
    const back = { action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId } as const
    await catalog.commit(CANDLES_TABLE, [], [back])
    expect(await runVerify()).toMatchObject({ code: 0, findings: { differenceCount: 0 } })
  })

  test('of one day counts that day alone', async () => {
    const { code, findings } = await runVerify('--from', '2025-09-30', '--to', '2025-10-01')
    expect(code).toBe(0)
    expect(findings.candles).toMatchObject({ D1: expect.any(Number) })
    expect(findings.candles.M1).toBeUndefined()
  })

  test.each([
    [['--from', 'yesterday']],
    [['--to']],
    [['--from', '2025-01-02', '--to', '2025-01-01']],
    [['x']],
  ])('ends with 2 when called with %j', async args => {
    expect((await runVerify(...args)).code).toBe(2)
  })
})

describe('the check of counts on real servers', () => {
  /** Within the part of a minute that it works in: so it does not wait. */
  const inSlot = { ...connections, nowMs: () => Date.now() - (Date.now() % 60_000) + 20_000 }

  test('finds the days of lost candles; rollup makes them again, and the counts are equal', async () => {
    await settlePipeline()
    const { days, differing } = await checkCounts(inSlot)
    expect(days).toBeGreaterThanOrEqual(2)
    expect(differing).toBe(0)
    const table = await catalog.loadTable(CANDLES_TABLE)
    const september = (2025 - 1970) * 12 + 8
    const remove = await planFiles(store, table, {
      keep: ({ partition }) => partition.timeframe === 'm1' && partition.date_time_month === september,
    })
    const change = { add: [], remove, summary: carriedState(table), nowMs: Date.now() }
    await commitSnapshot(catalog, table, await stageSnapshot(store, table, change))
    const found = await checkCounts(inSlot)
    expect(found.differing).toBeGreaterThan(0)
    expect(found.hoursMarked).toBeGreaterThan(0)
    await catchUp(connections)
    expect(await checkCounts(inSlot)).toMatchObject({ differing: 0 })
    await publishCandles(connections, enoughTime)
    expect(await runVerify()).toMatchObject({ code: 0, findings: { differenceCount: 0 } })
  })
})

test("Trino's expire_snapshots right after its optimize leaves a snapshot that says how far the ticks go", async () => {
  await ticks.add(2)
  const before = ticksState(await catalog.loadTable(TICKS_TABLE))
  await connections.query.rows(`ALTER TABLE lake.${TICKS} EXECUTE optimize`)
  const { summary, timestampMs } = await snapshotOf(TICKS_TABLE)
  expect(summary['tickhouse.vector']).toBeUndefined()
  await until('it is old enough to be expired', () => Date.now() > timestampMs + 2_000)
  await connections.query.rows(
    `ALTER TABLE lake.${TICKS} EXECUTE expire_snapshots(retention_threshold => '1s')`,
  )
  expect(ticksState(await catalog.loadTable(TICKS_TABLE))).toEqual(before)
  await ticks.add(1)
})
