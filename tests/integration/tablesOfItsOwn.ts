import { inNamespace } from '../../bench/history/inNamespace.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import { NEWEST_US, OLDEST_US } from '../../lib/market/time.ts'
import type { KafkaRecord } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { loadInputs } from '../../lib/rollup/rollupInputs.ts'
import { setUp } from '../../lib/setup/setUp.ts'
import { Findings } from '../../lib/verify/findings.ts'
import { VERIFY_LIMITS, verifyTables } from '../../lib/verify/verifyTables.ts'
import { plainKafka, services } from './sandbox.ts'

/** A tick of a symbol at a time (UTC, without a zone). */
export interface OwnTick {
  readonly symbol: string
  readonly dateTime: string
  readonly mid: number
}

export type OwnTables = Awaited<ReturnType<typeof openTables>>

/** Both tables in a namespace of a test's own, with topics of its own: others may do to them what they like. */
export async function openTables(name: string) {
  const namespace = `${name}_${Date.now()}`
  const connections = services({
    TICKS_TOPIC: `${namespace}.ticks`,
    CANDLE_TOPIC_PREFIX: `${namespace}.candle_`,
    MARK_TOPIC: `${namespace}.mark`,
  })
  const warnings: Readonly<Record<string, unknown>>[] = []
  const own = {
    ...inNamespace(connections, namespace),
    log: {
      debug() {},
      info() {},
      warn: (message: string, fields = {}) => void warnings.push({ message, ...fields }),
    },
  }
  await setUp(own)
  const producer = plainKafka().producer()
  await producer.connect()
  const topic = own.settings.ticksTopic
  let number = 0
  let pending: KafkaRecord[] = []

  /** Sends the ticks to Kafka and takes them in, in one commit, with those of calls that failed before. */
  async function ingest(ticks: readonly OwnTick[]) {
    const values = ticks.map(({ symbol, dateTime, mid }) =>
      JSON.stringify({ source: 'OWN', symbol, ask: mid, bid: mid, mid, number: ++number, dateTime }),
    )
    const timestampMs = Date.now()
    const [written] = await producer.send({
      topic,
      messages: values.map(value => ({ partition: 0, value, timestamp: String(timestampMs) })),
    })
    const records = values.map(
      (value, i): KafkaRecord => ({
        offset: Number(written!.baseOffset) + i,
        timestampMs,
        key: null,
        value: Buffer.from(value),
        headers: {},
      }),
    )
    pending.push(...records)
    const result = await ingestTicks(own, [{ topic, partition: 0, records: pending }])
    pending = []
    return result
  }

  /** Marks all hours, and recomputes them. */
  async function recompute(): Promise<void> {
    await markRanges(own, [{ fromUs: OLDEST_US, toUs: NEWEST_US }])
    await rollupCandles(own, UNBOUNDED)
  }

  return {
    services: own,
    namespace,
    warnings,
    ingest,
    /** What another engine does through Trino; `ticks` and `candles` in braces stand for the tables. */
    trino: <Row = unknown>(sql: string) =>
      own.query.rows<Row>(
        sql
          .replaceAll('{ticks}', `lake.${namespace}.stock_ticks`)
          .replaceAll('{candles}', `lake.${namespace}.candles`),
      ),
    /** Until no hour is stale: after a sweep that took long, on a busy machine, hours rest unless they are marked. */
    async rollup() {
      const { hoursStale } = await rollupCandles(own, UNBOUNDED)
      if (hoursStale > 0) await recompute()
    },
    recompute,
    setUp: () => setUp(own),
    compact: () => maintain({ ...own, nowMs: midMinute }, { only: 'compaction' }, () => 240_000),
    /** How the candles compare with a fold of the ticks that are there. */
    async verified() {
      const findings = new Findings()
      const days = { first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY }
      const inputs = await loadInputs(own)
      const { store, settings } = own
      const rest = { findings, days, limits: VERIFY_LIMITS, onProgress: () => {} }
      await verifyTables({ store, inputs, price: settings.price, ...rest })
      const { ticks, candles, staleHours } = findings
      // How many ticks were deleted is not said anywhere.
      const wrong = findings.differences.filter(difference => difference.in !== 'ticks')
      return { ticks, m1: candles.m1 ?? 0, staleHours, wrong }
    },
    async close() {
      await producer.disconnect()
      await connections.close()
    },
  }
}

/** Never in the part of a minute in which `maintain` waits. */
function midMinute(): number {
  return Math.floor(Date.now() / 60_000) * 60_000 + 20_000
}
