import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newTrust } from '../../lib/ingest/admit.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { connect } from '../../lib/lambda/connect.ts'
import type { KafkaRecord, Log, RecordBatch } from '../../lib/ports.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { dryRun } from '../../lib/repair/dryRun.ts'
import { repair } from '../../lib/repair/repair.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { stretchOf } from '../../lib/rollup/heldHours.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { setUp } from '../../lib/setup/setUp.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { nextOffset } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { verify } from '../../lib/verify/verify.ts'
import { startSandbox } from '../../sandbox/startSandbox.ts'
import { plainKafka } from '../faults/world/kafka.ts'

// Trino changes both tables: on servers of their own, as verify counts all rows.
const world = await openWorld()
beforeAll(() => world.ready)
afterAll(() => world.close())

async function openWorld() {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-foreign-'))
  const sandbox = await startSandbox({ dataDir, ports: 'free', onProgress: () => {} })
  const env = { ...sandbox.env, STAGE: 'local' }
  const told: { message: string; fields: Readonly<Record<string, unknown>> }[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn: (message, fields = {}) => void told.push({ message, fields }),
  }
  const connections = connect(readConfig(env), log)
  const producer = plainKafka(env.KAFKA_BROKERS!).producer()
  const ready = setUp(connections).then(() => producer.connect())
  const { topicLog, settings, catalog, query } = connections

  return {
    env,
    ready,
    told,
    services: connections,
    sql: <Row = unknown>(text: string) => query.rows<Row>(text),
    /** Sends ticks and takes them in, each day's in a commit of its own. */
    async add(ticks: readonly { symbol: string; dateTime: string; mid?: number }[]): Promise<void> {
      for (const some of Map.groupBy(ticks, ({ dateTime }) => dateTime.slice(0, 10)).values()) {
        const messages = some.map(({ mid = 5, ...tick }, n) => {
          const value = JSON.stringify({ source: 's', ask: mid, bid: mid, mid, number: n, ...tick })
          return { partition: 0, value }
        })
        await producer.send({ topic: settings.ticksTopic, messages })
        const { vector } = ticksState(await catalog.loadTable(TICKS_TABLE))
        const batches: RecordBatch[] = []
        for (const [partition, { high }] of await topicLog.offsets(settings.ticksTopic)) {
          const records: KafkaRecord[] = []
          const from = nextOffset(vector, partition)
          for await (const part of topicLog.records(settings.ticksTopic, partition, from, high))
            records.push(...part)
          if (records.length > 0) batches.push({ topic: settings.ticksTopic, partition, records })
        }
        await ingestTicks({ ...connections, trust: newTrust() }, batches)
      }
    },
    async settle(): Promise<void> {
      while ((await rollupCandles(connections, UNBOUNDED)).hoursStale > 0);
      await publishCandles(connections, () => 100_000)
    },
    async findings() {
      return (await verify(connections, {}, () => {})).differences
    },
    state: async () => candlesState(await catalog.loadTable(CANDLES_TABLE)),
    async close() {
      await producer.disconnect()
      await connections.close()
      await sandbox.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

interface CandleRow {
  readonly symbol: string
  readonly timeframe: string
  readonly start: string
  readonly volume: number
  readonly revision: number
}

const candles = (where = 'true') =>
  world.sql<CandleRow>(`
    SELECT symbol, timeframe, CAST(date_time AS varchar) AS start, volume, revision
    FROM lake.market_data.candles WHERE ${where} ORDER BY 1, 2, 3`)
const newestSnapshot = async (table: string) => {
  const [row] = await world.sql<{ id: string }>(
    `SELECT CAST(snapshot_id AS varchar) AS id FROM lake.market_data."${table}$snapshots" ORDER BY committed_at DESC LIMIT 1`,
  )
  return row!.id
}
const day = (date: string) =>
  `date_time >= TIMESTAMP '${date} 00:00:00 UTC' AND date_time < TIMESTAMP '${date} 00:00:00 UTC' + INTERVAL '1' DAY`

/** A week of days in June 2023, two symbols with two ticks each on each of them. */
const DAYS = ['05', '06', '07', '08', '09'].map(n => `2023-06-${n}`)
beforeAll(async () => {
  await world.add(
    DAYS.flatMap(date =>
      ['x', 'y'].flatMap(symbol =>
        ['10:00:01', '12:30:00'].map(time => ({ symbol, dateTime: `${date}T${time}` })),
      ),
    ),
  )
  await world.settle()
})
beforeEach(() => {
  world.told.length = 0
})

test('candles that Trino deletes by whole files are there again, as they were, and nothing is sent', async () => {
  const before = await candles()
  await world.sql(`DELETE FROM lake.market_data.candles WHERE timeframe IN ('m1', 'h1')`)
  expect(await candles(`timeframe = 'm1'`)).toEqual([])
  await world.settle()
  expect(await candles()).toEqual(before)
  expect(await world.findings()).toEqual([])
  expect(world.told).toMatchObject([{ fields: { kinds: { deleted: 1 }, operation: 'delete' } }])
})

test('rows of candles that Trino updates or deletes one by one are as they were', async () => {
  const before = await candles()
  await world.sql(`UPDATE lake.market_data.candles SET high = 99999 WHERE symbol = 'x' AND timeframe = 'D1'`)
  await world.sql(`DELETE FROM lake.market_data.candles WHERE symbol = 'y' AND timeframe = 'm1'`)
  await world.add([{ symbol: 'y', dateTime: '2023-06-08T10:00:02' }])
  await world.settle()
  const after = await candles()
  const isTouched = ({ symbol, start }: CandleRow) => symbol === 'y' && /2023-06-0[158]/.test(start)
  expect(after.filter(row => !isTouched(row))).toEqual(before.filter(row => !isTouched(row)))
  expect(await candles(`symbol = 'y' AND timeframe = 'D1' AND ${day('2023-06-08')}`)).toMatchObject([
    { volume: 3 },
  ])
  expect(await world.findings()).toEqual([])
})

test('npm run repair says what it would change, and what it cannot understand', async () => {
  const range = ['--from', '2023-06-05', '--to', '2023-06-10']
  const { code, stdout } = await runRepair([...range, '--dry-run', '--json', '--symbol', 'x'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ missing: 0, surplus: 0, differing: 0, differences: [] })
  expect(await runRepair(['--from', '2023-06-10', '--to', '2023-06-05'])).toMatchObject({ code: 2 })
})

async function runRepair(args: readonly string[]) {
  const bin = fileURLToPath(new URL('../../bin/repair.ts', import.meta.url))
  const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...world.env } })
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit'), text(child.stderr)])
  return { code, stdout }
}

test('optimize of both tables is no change', async () => {
  const before = await candles()
  await world.sql('ALTER TABLE lake.market_data.candles EXECUTE optimize')
  await world.sql('ALTER TABLE lake.market_data.stock_ticks EXECUTE optimize')
  await world.settle()
  expect(await candles()).toEqual(before)
  expect(world.told).toEqual([])
})

test('a day of ticks that Trino deletes takes its candles along; a rollback brings them back, above all revisions', async () => {
  const snapshot = await newestSnapshot('stock_ticks')
  const before = await candles(`timeframe = 'm1'`)
  await world.sql(`DELETE FROM lake.market_data.stock_ticks WHERE ${day('2023-06-07')}`)
  await world.settle()
  expect(await candles(`timeframe = 'm1' AND ${day('2023-06-07')}`)).toEqual([])
  expect(await world.findings()).toEqual([])
  await world.sql(`ALTER TABLE lake.market_data.stock_ticks EXECUTE rollback_to_snapshot(${snapshot})`)
  await world.settle()
  const after = await candles(`timeframe = 'm1'`)
  expect(after.map(({ revision, ...row }) => row)).toEqual(before.map(({ revision, ...row }) => row))
  expect(
    after.filter(({ start }) => start.startsWith('2023-06-07')).every(({ revision }) => revision >= 3),
  ).toBe(true)
  expect(await world.findings()).toEqual([])
})

test('the oldest days of ticks take no candle along, until a repair is told to follow them', async () => {
  const before = await candles()
  await world.sql(
    `DELETE FROM lake.market_data.stock_ticks WHERE date_time < TIMESTAMP '2023-06-06 00:00:00 UTC'`,
  )
  await world.settle()
  expect(await candles()).toEqual(before)
  expect(stretchOf((await world.state()).held)).toEqual({
    firstDay: '2023-06-05',
    lastDay: '2023-06-05',
    hours: 24,
  })
  expect(await world.findings()).toEqual([])
  const range = { fromUs: Date.UTC(2023, 5, 5) * 1000, toUs: Date.UTC(2023, 5, 6) * 1000 }
  const pace = { idleMs: 0, pauseMs: 10 }
  await expect(
    repair(world.services, { ...range, followTicks: false }, () => {}, pace),
  ).rejects.toMatchObject({
    code: 'CANDLES_HELD',
  })
  const request = { ...range, followTicks: true }
  expect(await dryRun(world.services, request, { symbol: 'x' }, () => {})).toMatchObject({
    missing: 0,
    surplus: 17,
    differing: 0,
  })
  const lines: string[] = []
  await repair(world.services, request, line => void lines.push(line), pace)
  expect(lines.at(-1)).toMatch(/^(\d+) of \1 hours are done$/)
  await world.settle()
  expect(await candles(`timeframe = 'm1' AND ${day('2023-06-05')}`)).toEqual([])
  expect(await world.findings()).toEqual([])
})
