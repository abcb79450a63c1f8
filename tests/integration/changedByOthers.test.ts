import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { READERS, type ReaderName, read } from '../../bench/readers/readers.ts'
import { differences, type TableReport } from '../../bench/readers/report.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { liveRows } from '../../lib/iceberg/deletes/deletedRows.ts'
import { liveFiles } from '../../lib/iceberg/manifest/manifestFile.ts'
import { currentManifests } from '../../lib/iceberg/manifest/readManifests.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { appendToBranch } from '../support/branchWriter.ts'
import { sandboxEnv } from './sandbox.ts'
import { sparkSql } from './sparkSql.ts'
import { type OwnTables, type OwnTick, openTables } from './tablesOfItsOwn.ts'

let tables: OwnTables
const load = (ident: TableIdent) => tables.services.catalog.loadTable(ident)
const filesOf = async (ident: TableIdent) => planFiles(tables.services.store, await load(ident))
const countOf = async (table: string, where = 'true') => {
  const [row] = await tables.trino<{ n: number }>(`SELECT count(*) AS n FROM {${table}} WHERE ${where}`)
  return row!.n
}

/** One tick a minute from an hour's start on. */
const hour = (symbol: string, start: string, minutes = 60): OwnTick[] =>
  Array.from({ length: minutes }, (_, i) => ({
    symbol,
    dateTime: `${start}:${String(i).padStart(2, '0')}:01`,
    mid: 100 + i,
  }))

const deleteFilesOf = async (ident: TableIdent) => {
  const manifests = await currentManifests(tables.services.store, await load(ident))
  return manifests
    .filter(({ content }) => content === 'deletes')
    .reduce((sum, manifest) => sum + liveFiles(manifest), 0)
}

describe('rows that others deleted, merge-on-read', () => {
  beforeAll(async () => {
    tables = await openTables('deletes')
    await tables.ingest([...hour('A', '2026-10-05T10'), ...hour('B', '2026-10-05T10')])
    await tables.ingest([...hour('A', '2026-10-05T11'), ...hour('A', '2026-10-06T11')])
    await tables.rollup()
    expect(await tables.verified()).toMatchObject({ ticks: 240, m1: 240, wrong: [] })
  })
  afterAll(() => tables.close())

  test('ticks: the rows that are left are those that Trino finds, and candles follow them', async () => {
    await tables.trino(`DELETE FROM {ticks} WHERE symbol = 'A' AND minute(date_time) >= 30`)
    const files = await filesOf(TICKS_TABLE)
    expect(files.filter(({ deletes = [] }) => deletes.length > 0).length).toBeGreaterThan(0)
    const rows = await Promise.all(files.map(file => liveRows(tables.services.store, file)))
    expect(rows.reduce((sum, n) => sum + n, 0)).toBe(150)
    expect(await countOf('ticks')).toBe(150)
    await tables.recompute()
    expect(await tables.verified()).toMatchObject({ ticks: 150, m1: 150, staleHours: 0, wrong: [] })
  })

  test('ingest and rollup go on beside them', async () => {
    await tables.ingest(hour('B', '2026-10-05T12'))
    await tables.rollup()
    expect(await tables.verified()).toMatchObject({ ticks: 210, m1: 210, wrong: [] })
  })

  test('maintain drops them for good, and the delete files with them', async () => {
    await tables.compact()
    const files = await filesOf(TICKS_TABLE)
    expect(files.every(({ deletes = [] }) => deletes.length === 0)).toBe(true)
    expect(files.reduce((sum, { recordCount }) => sum + recordCount, 0)).toBe(210)
    expect(await deleteFilesOf(TICKS_TABLE)).toBe(0)
    expect(currentSnapshot(await load(TICKS_TABLE))!.summary).toMatchObject({
      'total-delete-files': '0',
      'total-position-deletes': '0',
      'total-records': '210',
    })
    expect(await countOf('ticks')).toBe(210)
  })

  test('candles: a rollup of another symbol goes on, and a recomputation brings them back', async () => {
    await tables.trino(
      `DELETE FROM {candles} WHERE symbol = 'B' AND timeframe IN ('m1', 'h1') AND minute(date_time) < 20`,
    )
    expect(await deleteFilesOf(CANDLES_TABLE)).toBeGreaterThan(0)
    await tables.ingest(hour('C', '2026-10-05T10', 5))
    await tables.rollup()
    expect(await countOf('candles', `symbol = 'C' AND timeframe = 'm1'`)).toBe(5)
    await tables.recompute()
    expect(await tables.verified()).toMatchObject({ ticks: 215, m1: 215, staleHours: 0, wrong: [] })
    expect(await countOf('candles', `symbol = 'B' AND timeframe = 'm1'`)).toBe(120)
  })

  test('candles that were updated and merged by others are right again after a recomputation', async () => {
    await tables.trino(`UPDATE {candles} SET high = 1e6 WHERE symbol = 'A' AND timeframe IN ('m1', 'D1')`)
    await tables.trino(`
      MERGE INTO {candles} c USING (SELECT 'B' AS symbol, 'm5' AS timeframe) s
      ON c.symbol = s.symbol AND c.timeframe = s.timeframe
      WHEN MATCHED AND minute(c.date_time) = 5 THEN DELETE WHEN MATCHED THEN UPDATE SET low = -1`)
    expect((await tables.verified()).wrong.length).toBeGreaterThan(0)
    await tables.recompute()
    expect(await tables.verified()).toMatchObject({ m1: 215, staleHours: 0, wrong: [] })
    await tables.trino('ALTER TABLE {candles} EXECUTE optimize')
    expect(await tables.verified()).toMatchObject({ m1: 215, wrong: [] })
  })

  test('Spark’s, of all files of a partition in one delete file, are left out too, and dropped', async () => {
    const table = `lake.${tables.namespace}.stock_ticks`
    await tables.ingest([...hour('D', '2026-10-05T13', 30), ...hour('E', '2026-10-05T13', 30)])
    await tables.ingest(hour('D', '2026-10-05T14', 30))
    await tables.rollup()
    await sparkSql(
      `ALTER TABLE ${table} SET TBLPROPERTIES ('write.delete.mode'='merge-on-read', 'write.delete.granularity'='partition')`,
      `DELETE FROM ${table} WHERE symbol = 'D' AND minute(date_time) < 10`,
    )
    expect(await deleteFilesOf(TICKS_TABLE)).toBe(1)
    expect(await countOf('ticks', `symbol = 'D'`)).toBe(40)
    await tables.recompute()
    expect(await tables.verified()).toMatchObject({ ticks: 285, m1: 285, staleHours: 0, wrong: [] })
    await tables.compact()
    expect(await deleteFilesOf(TICKS_TABLE)).toBe(0)
    expect(await countOf('ticks')).toBe(285)
    expect(await tables.verified()).toMatchObject({ ticks: 285, m1: 285, wrong: [] })
  }, 600_000)
})

describe('columns and partitions that others added', () => {
  beforeAll(async () => {
    tables = await openTables('changes')
    await tables.ingest([...hour('A', '2026-10-05T10'), ...hour('B', '2026-10-05T10')])
    await tables.rollup()
  })
  afterAll(() => tables.close())

  test('optional columns are null in new rows; their values in ticks outlive merges, those in candles are taken back', async () => {
    for (const table of ['{ticks}', '{candles}']) {
      await tables.trino(`ALTER TABLE ${table} ADD COLUMN note varchar`)
      await tables.trino(`ALTER TABLE ${table} ADD COLUMN seen_at date`)
      await tables.trino(`UPDATE ${table} SET note = 'n' WHERE symbol = 'A'`)
    }
    await tables.ingest(hour('A', '2026-10-05T11'))
    await tables.ingest(hour('B', '2026-10-05T11'))
    await tables.rollup()
    expect(await countOf('ticks', `note = 'n'`)).toBe(60)
    expect(await countOf('candles', `note IS NULL AND timeframe = 'm1'`)).toBe(240)
    await tables.recompute()
    await tables.compact()
    expect(await countOf('ticks', `note = 'n'`)).toBe(60)
    expect(await tables.verified()).toMatchObject({ ticks: 240, m1: 240, wrong: [] })
  })

  test('files with values that cannot be written again are not merged, and maintain tells it', async () => {
    await tables.trino(`UPDATE {ticks} SET seen_at = DATE '2026-10-07' WHERE symbol = 'B'`)
    for (let i = 0; i < 4; i++) await tables.ingest(hour('B', `2026-10-05T1${2 + i}`, 10))
    await tables.rollup()
    await tables.compact()
    expect(tables.warnings).toContainEqual(
      expect.objectContaining({ column: 'seen_at', table: 'market_data.stock_ticks' }),
    )
    expect(await countOf('ticks', `seen_at = DATE '2026-10-07'`)).toBe(120)
    expect(await tables.verified()).toMatchObject({ ticks: 280, m1: 280, wrong: [] })
  })

  test.each([
    [`ARRAY['day(date_time)', 'bucket(symbol, 8)']`, `ARRAY['timeframe', 'month(date_time)', 'symbol']`],
    [
      `ARRAY['hour(date_time)', 'truncate(symbol, 1)']`,
      `ARRAY['timeframe', 'day(date_time)', 'bucket(symbol, 4)']`,
    ],
    [`ARRAY['month(date_time)']`, `ARRAY['month(date_time)']`],
    [`ARRAY[]`, `ARRAY[]`],
    [`ARRAY['day(date_time)']`, `ARRAY['timeframe', 'month(date_time)']`],
  ])('ticks partitioned by %s and candles by %s are written and read', async (ticksBy, candlesBy) => {
    await tables.trino(`ALTER TABLE {ticks} SET PROPERTIES partitioning = ${ticksBy}`)
    await tables.trino(`ALTER TABLE {candles} SET PROPERTIES partitioning = ${candlesBy}`)
    const before = await countOf('ticks')
    const day = `2026-09-${10 + (before % 17)}`
    for (const start of [`${day}T10`, `${day}T23`, '2026-10-05T10']) {
      await tables.ingest(['A', 'B', 'SYMBOL WITH / AND "é"'].flatMap(symbol => hour(symbol, start, 7)))
    }
    await tables.rollup()
    expect(await tables.verified()).toMatchObject({ ticks: before + 63, staleHours: 0, wrong: [] })
    const { defaultSpecId } = (await load(TICKS_TABLE)).metadata
    expect((await filesOf(TICKS_TABLE)).some(({ specId }) => specId === defaultSpecId)).toBe(true)
    // Trino looks into the partitions alone that a symbol falls into by its own reckoning.
    expect(
      await countOf(
        'ticks',
        `symbol = 'A' AND date_time >= TIMESTAMP '${day} 00:00:00 UTC' AND date_time < TIMESTAMP '${day} 11:00:00 UTC'`,
      ),
    ).toBe(7)
    expect(
      await countOf(
        'candles',
        `symbol = 'B' AND timeframe = 'h1' AND date_time = TIMESTAMP '${day} 23:00:00 UTC'`,
      ),
    ).toBe(1)
    await tables.compact()
    expect(await tables.verified()).toMatchObject({ ticks: before + 63, wrong: [] })
  })

  test('their column may go again', async () => {
    for (const table of ['{ticks}', '{candles}'])
      await tables.trino(`ALTER TABLE ${table} DROP COLUMN seen_at`)
    const before = await countOf('ticks')
    await tables.ingest(hour('B', '2026-10-05T20', 10))
    await tables.rollup()
    await tables.compact()
    expect(await tables.verified()).toMatchObject({ ticks: before + 10, wrong: [] })
  })

  test.each(Object.keys(READERS) as ReaderName[])(
    '%s reads both tables as Trino does',
    async reader => {
      const names = ['stock_ticks', 'candles'].map(name => `${tables.namespace}.${name}`)
      const { cacheDir } = readSettings()
      const env = { ...process.env, ...sandboxEnv() }
      const readWith = (by: ReaderName): Promise<Map<string, TableReport>> =>
        read(by, { tables: names, symbol: 'A', env, cacheDir, onProgress: () => {} })
      const [expected, found] = [await readWith('trino'), await readWith(reader)]
      for (const name of names) expect(differences(expected.get(name)!, found.get(name))).toEqual([])
    },
    1_200_000,
  )

  test.each([
    ['RENAME COLUMN bid TO bid_price', 'RENAME COLUMN bid_price TO bid'],
    ['DROP COLUMN extra', 'ADD COLUMN extra varchar'],
  ])('stock_ticks after %s: one error that names the way back, which works', async (change, back) => {
    await tables.trino(`ALTER TABLE {ticks} ${change}`)
    const failing = tables.ingest(hour('A', '2026-10-08T10', 1))
    await expect(failing).rejects.toMatchObject({ code: 'TABLE_UNSUPPORTED' })
    await expect(failing).rejects.toThrow(`ALTER TABLE market_data.stock_ticks ${back}`)
    await tables.trino(`ALTER TABLE {ticks} ${back}`)
    await tables.ingest(hour('A', '2026-10-08T11', 1))
    await tables.rollup()
    expect(await tables.verified()).toMatchObject({ wrong: [] })
  })

  test('a column of ours that was dropped comes back with its values by set-up', async () => {
    const before = await countOf('ticks', 'ask > 0')
    await tables.trino('ALTER TABLE {ticks} DROP COLUMN ask')
    const failing = tables.ingest(hour('A', '2026-10-09T10', 1))
    await expect(failing).rejects.toMatchObject({ code: 'TABLE_UNSUPPORTED' })
    await expect(failing).rejects.toThrow('npm run set-up brings it back')
    await tables.setUp()
    await tables.ingest(hour('A', '2026-10-09T11', 1))
    expect(await countOf('ticks', 'ask > 0')).toBe(before + 2)
  })
})

describe('a writer that appends to a branch every 0.3 s', () => {
  beforeAll(async () => {
    tables = await openTables('branch')
  })
  afterAll(() => tables.close())

  test('keeps nobody from committing: 6 ingests and rollups beside it, and every tick in its candle', async () => {
    const stop = new AbortController()
    let appended = 0
    const writing = [TICKS_TABLE, CANDLES_TABLE].map(async ident => {
      while (!stop.signal.aborted) {
        // It loses races too.
        await appendToBranch(tables.services.catalog, ident).then(
          () => void appended++,
          () => {},
        )
        await sleep(300, undefined, { signal: stop.signal }).catch(() => {})
      }
    })
    try {
      for (let i = 0; i < 6; i++) {
        await tables.ingest(hour('A', `2026-10-05T1${i}`, 10))
        await tables.rollup()
      }
    } finally {
      stop.abort()
      await Promise.all(writing)
    }
    expect(appended).toBeGreaterThan(5)
    expect(await tables.verified()).toMatchObject({ ticks: 60, m1: 60, wrong: [] })
  })

  test('a snapshot that was staged before an append to the branch is committed with the next number', async () => {
    const { catalog, store } = tables.services
    const table = await load(CANDLES_TABLE)
    const change = { add: [], summary: carriedState(table), nowMs: Date.now() }
    const staged = await stageSnapshot(store, table, change)
    await appendToBranch(catalog, CANDLES_TABLE)
    const committed = await commitSnapshot(catalog, table, staged)
    const current = currentSnapshot(committed)!
    expect(current.snapshotId).toBe(staged.snapshot.snapshotId)
    expect(current.sequenceNumber).toBe(staged.snapshot.sequenceNumber + 1)
    expect((await filesOf(CANDLES_TABLE)).length).toBeGreaterThan(0)
    expect(await countOf('candles', `timeframe = 'm1'`)).toBe(60)
  })
})
