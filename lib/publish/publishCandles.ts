import { planFiles } from '../iceberg/plan.ts'
import { Fenced } from '../kafka/errors.ts'
import type { TransactionalWriter } from '../kafka/transactionalWriter.ts'
import { type Candle, candleMessage } from '../market/candle.ts'
import { TIMEFRAMES, timeframeOfRemoved } from '../market/timeframe.ts'
import type { OutgoingRecord } from '../ports.ts'
import { publishable } from '../rollup/takeBack.ts'
import type { Services, Settings } from '../services.ts'
import { candlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable, parseState } from '../tables/layout.ts'
import { isReached, type Mark, markAt, mayHoldUnsent, STORED_MARK } from './sendingOrder.ts'
import { unsentCandles } from './unsentCandles.ts'

/** What a warm process remembers: the mark that it found or made, which holds until a newer publisher fences it. */
export interface Published {
  mark: Mark | undefined
}

export type PublishServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'stages'> & {
  readonly candleWriter: TransactionalWriter
  readonly published: Published
}

export interface PublishResult {
  readonly sent: number
  readonly transactions: number
  /** True when a newer publisher took over: what is left is its business. */
  readonly fenced: boolean
  /** False when time ran out: the next call goes on. */
  readonly complete: boolean
}

const MARK_KEY = 'candles'
/** Another transaction is begun only with this much of the function's time left. */
export const RESERVE_MS = 20_000

/**
 * Sends the candles that changed since the mark to their topics, each transaction with the mark that it reaches: so no
 * revision goes out twice, none out of order, and after any failure the next call goes on where readers stand.
 */
export async function publishCandles(
  services: PublishServices,
  remainingMs: () => number,
): Promise<PublishResult> {
  const { candleWriter, published } = services
  const total = { sent: 0, transactions: 0, fenced: false, complete: false }
  for (;;) {
    const isWarm = published.mark !== undefined
    try {
      await sendUnsent(services, total, remainingMs)
      return total
    } catch (error) {
      published.mark = undefined
      await candleWriter.close()
      // A writer that was opened by an earlier call may be fenced or forgotten since; one of this call is not.
      if (isWarm) continue
      if (error instanceof Fenced) return { ...total, fenced: true }
      throw error
    }
  }
}

async function sendUnsent(
  services: PublishServices,
  total: { sent: number; transactions: number; complete: boolean },
  remainingMs: () => number,
): Promise<void> {
  const { catalog, store, candleWriter, published, settings, stages } = services
  published.mark ??= await stages.time('open', () => takeOver(services))
  // Loaded after the older publisher was fenced: what it was about to send is ours now.
  const newest = await stages.time('metadata', () => loadTable(catalog, CANDLES_TABLE))
  const { tableUuid } = newest.metadata
  const { stampUs, candlesSequence } = candlesState(newest)
  // What others put beside our candles is taken back by the next rollup: nobody may see it under a revision of ours.
  const table = publishable(newest, candlesSequence)
  const from = published.mark?.tableUuid === tableUuid ? published.mark : { tableUuid, stampUs: 0 }
  if (!isReached(from, stampUs)) {
    const files = await stages.time('metadata', () =>
      planFiles(store, table, { keep: file => mayHoldUnsent(file, from) }),
    )
    for await (const { candles, isLast } of stages.each('read', unsentCandles(store, files, from))) {
      if (total.transactions > 0 && remainingMs() < RESERVE_MS) return
      const place = isLast ? { tableUuid, stampUs } : markAt(tableUuid, candles.at(-1)!)
      const mark = { ...place, maxRevision: highestRevision(published.mark, candles) }
      const records = candles.map(candle => candleRecord(settings, candle))
      await stages.time('send', () => candleWriter.send([...records, markRecord(settings, mark)]))
      published.mark = mark
      total.sent += candles.length
      total.transactions += 1
    }
  }
  total.complete = true
}

/** Of all candles that were ever sent; unknown where a mark of an earlier version does not say it. */
function highestRevision(before: Mark | undefined, candles: readonly Candle[]): number | undefined {
  const known = before === undefined ? 0 : before.maxRevision
  if (known === undefined) return undefined
  return candles.reduce((highest, { revision }) => Math.max(highest, revision), known)
}

/** Fences every other publisher; what the mark says from then on is final. */
async function takeOver(services: PublishServices): Promise<Mark | undefined> {
  await services.candleWriter.open()
  return readMark(services)
}

/** The newest mark on its topic; undefined before the first. Another publisher may be about to move it. */
export async function readMark({
  topicLog,
  settings,
}: Pick<Services, 'topicLog' | 'settings'>): Promise<Mark | undefined> {
  const record = await topicLog.last(settings.markTopic, 0)
  if (record?.value == null) return undefined
  return parseState(`the mark on ${settings.markTopic}`, Buffer.from(record.value).toString(), STORED_MARK)
}

/** More than any candle's revisions; marks of earlier versions do not say how high these went. */
const UNKNOWN_REVISIONS = 1_000_000

/** How high revisions have gone on the candle topics, whichever table they came from. */
export async function publishedRevisions(services: Pick<Services, 'topicLog' | 'settings'>): Promise<number> {
  const mark = await readMark(services)
  return mark === undefined ? 0 : (mark.maxRevision ?? UNKNOWN_REVISIONS)
}

/** A mark as it goes to its topic: what `readMark` reads back. */
export function markRecord({ markTopic }: Settings, mark: Mark): OutgoingRecord {
  return { topic: markTopic, partition: 0, key: MARK_KEY, value: JSON.stringify(mark) }
}

/** All candles of one symbol go to one partition, so that readers see them in order. One that was removed is a tombstone. */
function candleRecord({ candleTopicPrefix }: Settings, candle: Candle): OutgoingRecord {
  const { source, symbol, timeframe } = candle
  const removed = timeframeOfRemoved(timeframe)
  const { key, value } = candleMessage(candle)
  return {
    topic: candleTopicPrefix + (removed ?? timeframe),
    partitionKey: JSON.stringify([source, symbol]),
    key,
    value: removed === undefined ? value : null,
  }
}

/** `candle_m1 … candle_M1`, or under another prefix. */
export function candleTopics({ candleTopicPrefix }: Settings): string[] {
  return TIMEFRAMES.map(({ name }) => candleTopicPrefix + name)
}
