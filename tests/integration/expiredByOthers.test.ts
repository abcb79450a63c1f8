import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inNamespace } from '../../bench/history/inNamespace.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { SUMMARY_COPY } from '../../lib/iceberg/summaryCopy.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { KafkaRecord, RecordBatch } from '../../lib/ports.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { earlierState } from '../../lib/rebuild/earlierState.ts'
import { type RebuildRequest, rebuild } from '../../lib/rebuild/rebuild.ts'
import { rebuildFromMetadata } from '../../lib/rebuild/rebuildFromMetadata.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { setUp } from '../../lib/setup/setUp.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { stateSource } from '../../lib/tables/layout.ts'
import { nextOffset } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import type { OracleTick } from '../support/foldTicks.ts'
import { expectedCandles, oracleTick, sorted } from '../support/oracle.ts'
import { expireBy } from './expireBy.ts'
import { plainKafka, sandboxEnv, services, until } from './sandbox.ts'
import { storedCandles, tickMessage } from './ticks.ts'

const PARTITIONS = 4
const SOURCE = 'EXPIRED'
const MINUTE_MS = 60_000

type World = Awaited<ReturnType<typeof openWorld>>

/** Topics and tables of its own on the tests' servers, and the functions' work on them. */
async function openWorld(name: string) {
  const namespace = `${name}_${Date.now()}`
  const connections = services({
    TICKS_TOPIC: `${namespace}.ticks`,
    CANDLE_TOPIC_PREFIX: `${namespace}.candle_`,
    MARK_TOPIC: `${namespace}.mark`,
    PUBLISHER_ID: namespace,
  })
  // Half a day behind the engines' clock: what is older than now are all snapshots.
  const clock = { nowMs: Date.now() - 12 * 3_600_000 }
  const own = { ...inNamespace(connections, namespace), nowMs: () => clock.nowMs }
  const topic = own.settings.ticksTopic
  await setUp(own)
  const producer = plainKafka().producer()
  await producer.connect()
  const sent: OracleTick[] = []
  let ticks = 0

  const messages = (count: number) =>
    Array.from({ length: count }, () => {
      const dateTime = new Date(Date.UTC(2025, 6, 1, 9) + ticks * 7_000).toISOString()
      const fields = { symbol: `S${ticks % 3}`, mid: 100 + (ticks % 13), number: ticks, dateTime }
      return { ...tickMessage({ source: SOURCE, ...fields }), partition: ticks++ % PARTITIONS }
    })

  return {
    namespace,
    clock,
    services: own,
    async send(count: number): Promise<void> {
      const made = messages(count)
      const written = await producer.send({ topic, messages: made })
      const next = new Map(written.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
      for (const { partition, value } of made) {
        const offset = next.get(partition)!
        next.set(partition, offset + 1)
        sent.push(oracleTick(String(value), partition, offset))
      }
    },
    /** Sends ticks in a transaction that is aborted, and as many records that are no ticks. */
    async sendBad(count: number): Promise<void> {
      const failing = plainKafka().producer({
        idempotent: true,
        transactionalId: `${namespace}-aborted`,
        maxInFlightRequests: 1,
      })
      await failing.connect()
      const transaction = await failing.transaction()
      await transaction.send({ topic, messages: messages(count) })
      await transaction.abort()
      await failing.disconnect()
      const bad = messages(count).map(message => ({ ...message, value: 'bad' }))
      await producer.send({ topic, messages: bad })
    },
    /** What of each partition the table does not have yet, as one event for a process that has just begun. */
    async ingest(): Promise<void> {
      const { vector } = ticksState(await own.catalog.loadTable(TICKS_TABLE))
      const batches: RecordBatch[] = []
      for (const [partition, { high }] of await own.topicLog.offsets(topic)) {
        const records: KafkaRecord[] = []
        const from = nextOffset(vector, partition)
        for await (const some of own.topicLog.records(topic, partition, from, high)) records.push(...some)
        if (records.length > 0) batches.push({ topic, partition, records })
      }
      await ingestTicks({ ...own, trust: newTrust() }, batches)
    },
    async rollup(): Promise<void> {
      const isCaughtUp = async () => {
        clock.nowMs += 6 * MINUTE_MS
        const { behind, hoursStale } = await rollupCandles(own, UNBOUNDED)
        return behind === 0 && hoursStale === 0
      }
      await until('nothing is stale', isCaughtUp)
    },
    load: (ident: TableIdent) => own.catalog.loadTable(ident),
    optimize: (table: string) =>
      own.query.rows(`ALTER TABLE lake.market_data.${table} EXECUTE optimize`) as Promise<unknown>,
    rebuild: (request: Partial<RebuildRequest> = {}) =>
      rebuild(
        own,
        { dryRun: false, force: false, ...request },
        { moveGroup: async () => {}, onProgress: () => {} },
      ),
    publish: () => publishCandles(own, () => Number.POSITIVE_INFINITY),
    /** Every tick that was sent is in the table once, and every candle equals the fold of them. */
    async expectAll(): Promise<void> {
      const rows = await own.query.rows<{ n: number; places: number }>(
        'SELECT count(*) AS n, count(DISTINCT (kafka_partition, kafka_offset)) AS places FROM lake.market_data.stock_ticks',
      )
      expect(rows).toEqual([{ n: sent.length, places: sent.length }])
      expect(sorted(await storedCandles(own, SOURCE))).toEqual(expectedCandles(sent))
    },
    async close() {
      await producer.disconnect()
      await connections.close()
    },
  }
}

const TABLES = ['stock_ticks', 'candles']
const IDENTS = [TICKS_TABLE, CANDLES_TABLE]
const tablesOf = ({ namespace }: World) => TABLES.map(table => `${namespace}.${table}`)

/** Two minutes' work, a commit of ticks and one of candles each. */
async function work(world: World): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await world.send(20)
    await world.ingest()
    await world.rollup()
  }
}

async function expectMissing(world: World): Promise<void> {
  for (const work of [world.ingest, world.rollup]) {
    await expect(work()).rejects.toMatchObject({
      code: 'STATE_MISSING',
      message: expect.stringContaining('npm run rebuild'),
    })
  }
}

let world: World
describe.sequential('both tables, whose snapshots others expire', () => {
  beforeAll(async () => {
    world = await openWorld('expired')
    await work(world)
  })
  afterAll(() => world.close())

  test('go on after an optimize of Trino’s and an expiry of PyIceberg’s: 20 ticks more, none lost or twice', async () => {
    const { snapshotId } = currentSnapshot(await world.load(TICKS_TABLE))!
    await world.optimize('stock_ticks')
    await expireBy('pyiceberg', tablesOf(world))
    const table = await world.load(TICKS_TABLE)
    expect(table.metadata.snapshots).toHaveLength(1)
    expect(currentSnapshot(table)!.parentSnapshotId).toBe(snapshotId)
    expect(stateSource(table)).toBe('property')
    expect((await world.load(CANDLES_TABLE)).metadata.snapshots).toHaveLength(1)
    await work(world)
    await world.expectAll()
    for (const ident of IDENTS) expect(stateSource(await world.load(ident))).toBe('summary')
  })

  test('stand still after a whole maintenance of Spark’s with retain_last => 1, until a rebuild finds the state in earlier metadata', async () => {
    await expireBy('spark', tablesOf(world))
    const { vector, totals } = await stateBefore(world)
    await expectMissing(world)
    const rebuilt = await world.rebuild()
    expect(rebuilt).toMatchObject({ ticks: { source: 'metadata', totals }, candles: { source: 'metadata' } })
    expect(ticksState(await world.load(TICKS_TABLE)).vector).toEqual(vector)
    await work(world)
    await world.expectAll()
  })

  test('stand still where copy and earlier metadata are gone too, until a rebuild works the state out from the rows', async () => {
    await world.publish()
    await world.sendBad(6)
    await work(world)
    const { vector, totals } = ticksState(await world.load(TICKS_TABLE))
    await loseAll(world)
    await expectMissing(world)
    const dry = await world.rebuild({ dryRun: true })
    await expectMissing(world)
    const { ticks, candles } = await world.rebuild()
    expect(dry).toMatchObject({ ticks, isWritten: false })
    expect(ticks).toMatchObject({ source: 'rows', isProven: true })
    expect(ticks.logs.reduce((sum, { missing }) => sum + missing.deadLetters, 0)).toBe(6)
    expect(candles).toMatchObject({ source: 'rows' })
    // Rows do not say which topic they are of: ingest asks Kafka again.
    const after = { vector: { ...vector, topicIds: undefined }, totals }
    expect(ticksState(await world.load(TICKS_TABLE))).toEqual(after)
    await work(world)
    await world.expectAll()
    await expect(world.rebuild()).rejects.toMatchObject({ code: 'STATE_IS_THERE' })
  })

  test('do not take the copy of a version that was rolled back from; maintain goes on from the one that stayed', async () => {
    const { snapshotId } = currentSnapshot(await world.load(TICKS_TABLE))!
    await world.send(20)
    await world.ingest()
    await world.services.query.rows(
      `ALTER TABLE lake.market_data.stock_ticks EXECUTE rollback_to_snapshot(${snapshotId})`,
    )
    await world.optimize('stock_ticks')
    await expireBy('pyiceberg', tablesOf(world))
    const table = await world.load(TICKS_TABLE)
    expect(table.metadata.snapshots).toHaveLength(1)
    await expectMissing(world)
    // As `maintain` does it.
    expect((await rebuildFromMetadata(world.services))?.ticks.source).toBe('metadata')
    await work(world)
    await world.expectAll()
  })

  test('say nothing after CREATE OR REPLACE, which keeps the copy: it is of other rows', async () => {
    await world.services.query.rows(
      'CREATE OR REPLACE TABLE lake.market_data.stock_ticks AS SELECT * FROM lake.market_data.stock_ticks',
    )
    await expireBy('pyiceberg', tablesOf(world))
    const { properties, snapshots } = (await world.load(TICKS_TABLE)).metadata
    expect(properties[SUMMARY_COPY]).toContain('tickhouse.vector')
    expect(snapshots).toHaveLength(1)
    await expectMissing(world)
    expect(await rebuildFromMetadata(world.services)).toBeUndefined()
  })
})

/** What the newest snapshot said that an earlier metadata file has. */
async function stateBefore({ load, services: { store } }: World) {
  return ticksState((await earlierState(store, await load(TICKS_TABLE)))!)
}

/** Other engines' commits, an expiry, a copy that is void, and earlier metadata files that nobody has any more. */
async function loseAll({ namespace, services: { catalog, store } }: World): Promise<void> {
  await expireBy(
    'spark',
    TABLES.map(table => `${namespace}.${table}`),
  )
  for (const ident of IDENTS) {
    const { metadata } = await catalog.commit(
      ident,
      [],
      [{ action: 'set-properties', updates: { [SUMMARY_COPY]: '' } }],
    )
    for (const uri of metadata.metadataLog) await store.remove(uri)
  }
}

test('npm run rebuild -- --dry-run --force prints what it finds in the rows as JSON, and writes nothing', async () => {
  const connections = services()
  const before = await connections.catalog.loadTable(TICKS_TABLE)
  const script = fileURLToPath(new URL('../../bin/rebuild.ts', import.meta.url))
  const child = spawn(process.execPath, [script, '--dry-run', '--force', '--json'], {
    env: { ...process.env, ...sandboxEnv() },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(code).toBe(0)
  expect(JSON.parse(output)).toMatchObject({ isWritten: false, ticks: { source: 'rows' } })
  const after = await connections.catalog.loadTable(TICKS_TABLE)
  expect(after.metadata.currentSnapshotId).toBe(before.metadata.currentSnapshotId)
  await connections.close()
})
