import { z } from 'zod'
import { upperBound } from '../iceberg/dataFile.ts'
import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { Fenced } from '../kafka/errors.ts'
import { partitionOf } from '../kafka/partition.ts'
import type { RecordTransaction } from '../kafka/transaction.ts'
import { type Candle, candleId, candleMessage } from '../market/candle.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import type { OutgoingRecord } from '../ports.ts'
import { CANDLE_FIELDS, CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable, parseState } from '../tables/layout.ts'
import type { Services } from './services.ts'
import { readCandles } from './storedCandles.ts'

export type PublishServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings'> & {
  readonly transaction: RecordTransaction
}

export interface PublishResult {
  readonly sent: number
  readonly transactions: number
  /** True when a newer publisher took over: what is left is its business. */
  readonly fenced: boolean
}

/** The last row that was sent, of the candles table that it was sent from. Rows are sent by (stamp, id). */
export interface Mark {
  readonly tableUuid: string
  readonly stampUs: number
  readonly id: string
}

const STORED_MARK = z.object({ tableUuid: z.string(), stampUs: z.int(), id: z.string() })

const MARK_KEY = 'candles'
const MAX_ROWS_PER_TRANSACTION = 5_000

/**
 * Sends the candles that changed since the mark to their topics, each transaction with the mark that it reaches: so no
 * revision goes out twice, none out of order, and after any failure the next call goes on where readers stand.
 */
export async function publishCandles(services: PublishServices): Promise<PublishResult> {
  const result = { sent: 0, transactions: 0, fenced: false }
  try {
    let unsent: Candle[] = []
    let reached: Mark | undefined
    for (;;) {
      // Opening fences older publishers and ends their transactions: what the mark says from here on is final.
      await services.transaction.open()
      const mark = await readMark(services)
      if (reached === undefined || !isSameMark(mark, reached)) {
        const table = await loadTable(services.catalog, CANDLES_TABLE)
        reached = mark?.tableUuid === table.metadata.tableUuid ? mark : beginning(table)
        unsent = await candlesAfter(services, table, reached)
      }
      const rows = unsent.splice(0, MAX_ROWS_PER_TRANSACTION)
      if (rows.length === 0) {
        await services.transaction.abort()
        return result
      }
      reached = markAt(reached.tableUuid, rows.at(-1)!)
      await services.transaction.send([
        ...(await candleRecords(services, rows)),
        markRecord(services, reached),
      ])
      await services.transaction.commit()
      result.sent += rows.length
      result.transactions += 1
    }
  } catch (error) {
    await services.transaction.abort()
    if (error instanceof Fenced) return { ...result, fenced: true }
    throw error
  }
}

/** The last row that was sent; undefined before the first. Settled only while a transaction of ours is open. */
export async function readMark({
  topicLog,
  settings,
}: Pick<Services, 'topicLog' | 'settings'>): Promise<Mark | undefined> {
  const record = await topicLog.last(settings.markTopic, 0)
  if (record?.value == null) return undefined
  return parseState(`the mark on ${settings.markTopic}`, Buffer.from(record.value).toString(), STORED_MARK)
}

/** The rows after the mark, in the order in which they are sent; older files are known by their bounds. */
async function candlesAfter({ store }: PublishServices, table: Table, mark: Mark): Promise<Candle[]> {
  const files = await planFiles(store, table, {
    keep: file =>
      Number(upperBound(file, CANDLE_FIELDS.updatedAt) ?? Number.POSITIVE_INFINITY) >= mark.stampUs,
  })
  const perFile = await Promise.all(
    files.map(async file => {
      const rows = await readCandles(store, file)
      return rows.filter(row => comesAfter(row, mark))
    }),
  )
  return perFile.flat().sort(inSendingOrder)
}

function comesAfter(candle: Candle, { stampUs, id }: Mark): boolean {
  return candle.updatedAtUs > stampUs || (candle.updatedAtUs === stampUs && candleId(candle) > id)
}

function inSendingOrder(a: Candle, b: Candle): number {
  return a.updatedAtUs - b.updatedAtUs || (candleId(a) < candleId(b) ? -1 : 1)
}

function beginning(table: Table): Mark {
  return { tableUuid: table.metadata.tableUuid, stampUs: Number.MIN_SAFE_INTEGER, id: '' }
}

function markAt(tableUuid: string, candle: Candle): Mark {
  return { tableUuid, stampUs: candle.updatedAtUs, id: candleId(candle) }
}

function isSameMark(a: Mark | undefined, b: Mark): boolean {
  return a?.tableUuid === b.tableUuid && a.stampUs === b.stampUs && a.id === b.id
}

function markRecord({ settings }: PublishServices, mark: Mark): OutgoingRecord {
  return { topic: settings.markTopic, partition: 0, key: MARK_KEY, value: JSON.stringify(mark) }
}

/** All candles of one symbol go to one partition, so that readers see them in order. */
async function candleRecords(
  { topicLog, settings }: PublishServices,
  candles: readonly Candle[],
): Promise<OutgoingRecord[]> {
  const topics = new Set(candles.map(({ timeframe }) => settings.candleTopicPrefix + timeframe))
  const counts = new Map(
    await Promise.all(
      [...topics].map(
        async (topic): Promise<[string, number]> => [topic, (await topicLog.offsets(topic)).size],
      ),
    ),
  )
  return candles.map(candle => {
    const topic = settings.candleTopicPrefix + candle.timeframe
    const bySymbol = JSON.stringify([candle.source, candle.symbol])
    return { topic, partition: partitionOf(bySymbol, counts.get(topic)!), ...candleMessage(candle) }
  })
}

/** `candle_m1 … candle_M1`, or under another prefix. */
export function candleTopics({ candleTopicPrefix }: Services['settings']): string[] {
  return TIMEFRAMES.map(({ name }) => candleTopicPrefix + name)
}
