import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { readRows } from '../../lib/iceberg/readRows.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { type IngestServices, ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { RecordBatch } from '../../lib/ports.ts'
import type { Published } from '../../lib/publish/publishCandles.ts'
import type { Settings } from '../../lib/services.ts'
import { setUp, topicSpecs } from '../../lib/setup/setUp.ts'
import { Stages } from '../../lib/stages.ts'
import { TICKS_SCHEMA, TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { MemoryCatalog } from './memoryCatalog.ts'
import { MemoryTopicWriter, MemoryTransactionalWriter } from './memoryProducers.ts'
import { MemoryStore } from './memoryStore.ts'
import { MemoryTopicLog } from './memoryTopicLog.ts'

export const SETTINGS: Settings = {
  ticksTopic: 'ticks',
  deadLetterTopic: 'ticks.dlq',
  ingestGroup: 'ingest',
  candleTopicPrefix: 'candle_',
  markTopic: 'mark',
  trinoCatalog: 'lake',
  limits: { earliestUs: 0, maxAheadMs: 3_600_000 },
  price: 'mid',
  graceMs: 500,
  retentionMs: 3_600_000,
}

export const NOW_MS = Date.parse('2026-03-01T12:00:10Z')

/** The tests' clock: stands still unless a test moves it. */
export interface Clock {
  nowMs: number
}

/** A whole tickhouse in memory, set up and empty. */
export async function newWorld({ settings = SETTINGS, startMs = NOW_MS } = {}) {
  const clock: Clock = { nowMs: startMs }
  const nowMs = () => clock.nowMs
  const log = new MemoryTopicLog()
  const catalog = new MemoryCatalog({ nowMs })
  const store = new MemoryStore({ nowMs })
  const services = {
    catalog: catalog as Catalog,
    store,
    topicLog: log,
    topicWriter: new MemoryTopicWriter(log),
    candleWriter: new MemoryTransactionalWriter(log, new Map(), 'publisher'),
    published: { mark: undefined } as Published,
    settings,
    log: { debug: () => {}, info: () => {}, warn: () => {} },
    stages: new Stages(),
    nowMs,
    trust: newTrust(),
  }
  const world = { clock, log, catalog, services }
  await setUpAgain(world)
  return world
}

/** Makes the topics and tables that are missing, as `npm run set-up` does. */
export async function setUpAgain({ log, services }: World, settings = services.settings): Promise<void> {
  const ensureTopics = async () => {
    for (const { topic, partitions } of topicSpecs(settings)) {
      const ranges = await log.offsets(topic).catch(() => undefined)
      if (ranges === undefined) log.createTopic(topic, partitions)
    }
    return []
  }
  const setTopicSettings = async () => {}
  await setUp({ ...services, settings, ensureTopics, setTopicSettings, brokers: 'kafka:9092' })
}

export type World = Awaited<ReturnType<typeof newWorld>>

/** The tables of a world, whatever its Kafka is. */
export type WorldTables = Pick<World, 'catalog' | 'clock'> & { services: Pick<World['services'], 'store'> }

/** The JSON of a good tick; `n` tells it from others. */
export function tickJson(n: number, dateTime = '2026-03-01T12:00:00'): string {
  return JSON.stringify({ source: 's', symbol: 'x', ask: 2, bid: 1, mid: 1.5, number: n, dateTime })
}

/** Puts values on a partition of the ticks topic, stamped by the clock. */
export function produce({ log, clock }: World, partition: number, ...values: (string | null)[]): number {
  const contents = values.map(value => ({
    value: value === null ? null : Buffer.from(value),
    timestampMs: clock.nowMs,
  }))
  return log.append(SETTINGS.ticksTopic, partition, contents)
}

/** What an event source would deliver of a partition: the records of [from, to). */
export async function batch(
  { log }: World,
  partition: number,
  from: number,
  to: number,
): Promise<RecordBatch> {
  const records = []
  for (let offset = from; offset < to; offset++) {
    const record = await log.firstFrom(SETTINGS.ticksTopic, partition, offset)
    if (record?.offset === offset) records.push(record)
  }
  return { topic: SETTINGS.ticksTopic, partition, records }
}

export function ingest({ services }: World, batches: RecordBatch[], changes: Partial<IngestServices> = {}) {
  return ingestTicks({ ...services, ...changes }, batches)
}

/** The rows of the ticks table as `partition/offset`, sorted: a doubled one would stand twice. */
export async function storedTicks({ catalog, services }: WorldTables): Promise<string[]> {
  const table = await catalog.loadTable(TICKS_TABLE)
  const files = await planFiles(services.store, table)
  const rows = await Promise.all(
    files.map(async file => {
      const columns = await readRows(services.store, file, TICKS_SCHEMA)
      return columns.kafka_offset!.map((offset, i) => `${columns.kafka_partition![i]}/${offset}`)
    }),
  )
  return rows.flat().sort()
}

export async function stateOf({ catalog }: WorldTables) {
  return ticksState(await catalog.loadTable(TICKS_TABLE))
}
