import kafkajs, { type Producer } from 'kafkajs'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { TimeRange } from '../../lib/market/range.ts'
import type { KafkaRecord, RecordBatch } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { type RollupServices, rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { type CandlesState, candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { TICKS_TABLE, ticksState, ticksSummary } from '../../lib/tables/ticksTable.ts'
import type { OracleCandle, OracleTick } from '../support/foldTicks.ts'
import { expectedCandles, oracleTick, sorted } from '../support/oracle.ts'
import { plainKafka, services } from './sandbox.ts'
import type { StoredCandle } from './ticks.ts'

export const PARTITIONS = 4

/** A candle as it lies in the table. */
export type Row = StoredCandle & { updatedAt: string }

/** A tick to be sent; what is left out does not matter to the test. */
export interface TestTick {
  symbol: string
  mid: number
  dateTime: string
  source?: string
  number?: number
  partition?: number
}

export type World = Awaited<ReturnType<typeof openWorld>>

/**
 * A ticks topic of a test's own on the real Kafka, whose offsets are an epoch of their own in the real tables: so
 * that a test decides alone what Kafka has, what is ingested, and what time it is. `close` puts the tables' epoch back.
 */
export async function openWorld(name: string) {
  const id = `${name}-${crypto.randomUUID().slice(0, 8)}`
  const topic = `rollup.${id}`
  const connections = services({ TICKS_TOPIC: topic, EARLIEST_TICK: '1700-01-01T00:00:00Z' })
  await connections.ensureTopics([{ topic, partitions: PARTITIONS, config: { 'retention.ms': '-1' } }])
  const producer = plainKafka().producer()
  await producer.connect()
  const clock = { nowMs: Date.now() }
  const own: RollupServices = {
    ...connections,
    nowMs: () => clock.nowMs,
    log: { debug() {}, info() {}, warn() {} },
  }
  const outer = await loadTicksState(own)
  await changeTicksEpoch(
    own,
    Math.max(0, ...outer.vector.positions.map(p => p.epoch), outer.vector.epoch) + 1,
  )

  const sent: { batch: RecordBatch; tick: OracleTick }[] = []
  let ingested = 0
  const revisions = new Map<string, string>()

  async function send(ticks: readonly TestTick[], through: Pick<Producer, 'send'> = producer): Promise<void> {
    for (let i = 0; i < ticks.length; i += 5_000) await sendSome(ticks.slice(i, i + 5_000), through)
  }

  async function sendSome(ticks: readonly TestTick[], through: Pick<Producer, 'send'>): Promise<void> {
    const messages = ticks.map((tick, i) => message(id, tick, i % PARTITIONS, clock.nowMs))
    const compression = kafkajs.CompressionTypes.GZIP
    const written = await through.send({ topic, messages, compression })
    const next = new Map(written.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
    for (const { partition, value, timestamp } of messages) {
      const offset = next.get(partition)!
      next.set(partition, offset + 1)
      const record: KafkaRecord = {
        offset,
        timestampMs: Number(timestamp),
        key: null,
        value: Buffer.from(value),
        headers: {},
      }
      sent.push({
        batch: { topic, partition, records: [record] },
        tick: oracleTick(value, partition, offset),
      })
    }
  }

  /** Takes in the next of what was sent, in batches of at most `atOnce` records; all of it by default. */
  async function ingest(most = Number.POSITIVE_INFINITY, atOnce = 10_000): Promise<void> {
    const end = Math.min(sent.length, ingested + most)
    for (; ingested < end; ingested = Math.min(end, ingested + atOnce)) {
      const part = sent.slice(ingested, Math.min(end, ingested + atOnce))
      await ingestTicks({ ...connections, nowMs: own.nowMs }, batchesOf(part.map(({ batch }) => batch)))
    }
  }

  return {
    id,
    topic,
    clock,
    services: own,
    send,
    ingest,
    /** Forgets what was not ingested: it will never be, as after an aborted transaction. */
    drop: () => void sent.splice(ingested),
    /** Forgets that anything was ingested: the next `ingest` delivers all of it again. */
    rewind: () => {
      ingested = 0
    },
    rollup: (changes: Partial<RollupServices> = {}, budget = UNBOUNDED) =>
      rollupCandles({ ...own, ...changes }, budget),
    /** Recomputes a stretch. */
    async recompute(range: TimeRange) {
      const hoursMarked = await markRanges(own, [range])
      return { hoursMarked, ...(await rollupCandles(own, UNBOUNDED)) }
    },
    /** What the candles' summary says; with changes, after they were committed. */
    state: (changes?: Partial<CandlesState>) => candlesStateWith(own, changes),
    /** The fold of all that was sent. */
    expected: (symbol?: string) =>
      expectedCandles(
        sent.map(({ tick }) => tick).filter(tick => symbol === undefined || tick.symbol === symbol),
      ),
    /** The candles as they are stored; throws when a revision was seen with other contents before. */
    async stored(symbol?: string): Promise<Row[]> {
      const rows = await storedOf(own, id, symbol)
      for (const row of rows) {
        const revision = `${placeOf(row)} revision ${row.revision}`
        const contents = JSON.stringify(row)
        const before = revisions.get(revision) ?? contents
        if (before !== contents) throw new Error(`${revision} was ${before}, is ${contents}`)
        revisions.set(revision, contents)
      }
      return rows
    },
    snapshotId: async () => (await own.catalog.loadTable(CANDLES_TABLE)).metadata.currentSnapshotId,
    async close() {
      // What the test's clock left open closes by the real one, as every reader expects it.
      clock.nowMs = Date.now()
      await rollupCandles(own, UNBOUNDED)
      await changeTicksEpoch(own, outer.vector.epoch)
      const { vector } = await candlesStateWith(own)
      await candlesStateWith(own, { pending: [], vector: { ...vector, epoch: outer.vector.epoch } })
      await producer.disconnect()
      await connections.close()
    },
  }
}

function message(id: string, tick: TestTick, partition: number, nowMs: number) {
  const { mid, symbol, dateTime, number = 1 } = tick
  const source = `${id}${tick.source ?? ''}`
  const value = { source, symbol, ask: mid, bid: mid, mid, number, dateTime }
  return {
    partition: tick.partition ?? partition,
    value: JSON.stringify(value),
    // Kafka has it when it says that it is, however fast the producer's clock is.
    timestamp: String(Math.max(nowMs, Date.parse(`${dateTime.slice(0, 19)}Z`))),
  }
}

function batchesOf(batches: readonly RecordBatch[]): RecordBatch[] {
  return [...Map.groupBy(batches, ({ partition }) => partition).values()].map(ofPartition => ({
    ...ofPartition[0]!,
    records: ofPartition.flatMap(({ records }) => records),
  }))
}

async function loadTicksState({ catalog }: RollupServices) {
  return ticksState(await catalog.loadTable(TICKS_TABLE))
}

async function changeTicksEpoch(services: RollupServices, epoch: number): Promise<void> {
  const { vector, totals } = await loadTicksState(services)
  await commitSummary(services, TICKS_TABLE, ticksSummary({ vector: { ...vector, epoch }, totals }))
}

async function candlesStateWith(
  services: RollupServices,
  changes?: Partial<CandlesState>,
): Promise<CandlesState> {
  const state = candlesState(await services.catalog.loadTable(CANDLES_TABLE))
  if (changes === undefined) return state
  const changed = { ...state, ...changes }
  await commitSummary(services, CANDLES_TABLE, candlesSummary(changed))
  return changed
}

async function commitSummary(
  { catalog, store }: RollupServices,
  ident: TableIdent,
  summary: Record<string, string>,
): Promise<void> {
  const table = await catalog.loadTable(ident)
  const staged = await stageSnapshot(store, table, { add: [], summary, nowMs: Date.now() })
  await commitSnapshot(catalog, table, staged)
}

/** The world's candles as Trino reads them, in the oracle's order. */
async function storedOf({ query }: RollupServices, id: string, symbol?: string): Promise<Row[]> {
  const rows = await query.rows<Row & { seconds: number }>(`
    SELECT source, symbol, timeframe, CAST(to_unixtime(date_time) AS bigint) AS seconds,
      open, high, low, close, volume, closed, revision,
      CAST(updated_at AS varchar) AS "updatedAt"
    FROM lake.market_data.candles WHERE starts_with(source, '${id}')`)
  const wanted = rows.filter(row => symbol === undefined || row.symbol === symbol)
  const candles = wanted.map(({ seconds, ...row }) => ({
    ...row,
    start: new Date(seconds * 1000).toISOString(),
  }))
  const order = new Map(sorted(candles).map((candle, i) => [placeOf(candle), i]))
  return candles.toSorted((a, b) => order.get(placeOf(a))! - order.get(placeOf(b))!)
}

function placeOf({ source, symbol, timeframe, start }: OracleCandle): string {
  return JSON.stringify([source, symbol, timeframe, start])
}
