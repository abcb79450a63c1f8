import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { Fenced } from '../kafka/errors.ts'
import type { TransactionalWriter } from '../kafka/transactionalWriter.ts'
import type { Candle } from '../market/candle.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import type { OutgoingRecord } from '../ports.ts'
import { publishable } from '../rollup/takeBack.ts'
import type { Services, Settings } from '../services.ts'
import { candlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable, parseState } from '../tables/layout.ts'
import { candleRecord } from './candleRecord.ts'
import { markOfTopics, markWith, newTopics } from './madeAgain.ts'
import { refillParts } from './refillTopics.ts'
import { isReached, type Mark, markAt, mayHoldUnsent, STORED_MARK } from './sendingOrder.ts'
import { unsentCandles } from './unsentCandles.ts'

/** What a warm process remembers: the mark that it found or made, which holds until a newer publisher fences it. */
export interface Published {
  mark: Mark | undefined
}

export type PublishServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'settings' | 'log' | 'stages' | 'nowMs'
> & {
  readonly candleWriter: TransactionalWriter
  readonly published: Published
}

export interface PublishResult {
  readonly sent: number
  readonly transactions: number
  /** True when a newer publisher took over: what is left is its business. */
  readonly fenced: boolean
  /** False when time ran out, or when a rollup has to take back a change of others first: a later call goes on. */
  readonly complete: boolean
}

const MARK_KEY = 'candles'
/** Another transaction is begun only with this much of the function's time left. */
export const RESERVE_MS = 20_000
/** A refill stops this long before a minute's end, so that the next minute's candles do not wait for it. */
const QUIET_MS = 10_000
const MINUTE_MS = 60_000

/**
 * Sends the candles that changed since the mark to their topics. Each transaction has the mark that it reaches. So no revision is
 * sent twice or out of order, and after any failure the next call goes on where readers are. In the time that is left, candle
 * topics that were deleted and made again are filled again.
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
  // The next rollup takes back changes of others: they must not be sent under a revision of ours.
  const table = publishable(newest, candlesSequence)
  if (table === undefined) return
  const own = published.mark?.tableUuid === tableUuid ? published.mark : undefined
  const from = own ?? { tableUuid, stampUs: 0 }
  if (!isReached(from, stampUs)) {
    const files = await stages.time('metadata', () =>
      planFiles(store, table, { keep: file => mayHoldUnsent(file, from) }),
    )
    for await (const { candles, isLast } of stages.each('read', unsentCandles(store, files, from))) {
      if (total.transactions > 0 && remainingMs() < RESERVE_MS) return
      const place = isLast ? { tableUuid, stampUs } : markAt(tableUuid, candles.at(-1)!)
      const mark = {
        ...place,
        maxRevision: highestRevision(published.mark, candles),
        topicIds: published.mark?.topicIds,
        refills: own?.refills,
      }
      const records = candles.map(candle => candleRecord(settings, candle))
      await stages.time('send', () => candleWriter.send([...records, markRecord(settings, mark)]))
      published.mark = mark
      total.sent += candles.length
      total.transactions += 1
    }
  }
  total.complete = await fillAgain(services, table, total, remainingMs)
}

/** Fills candle topics that were made again; false when time ran out. */
async function fillAgain(
  services: PublishServices,
  table: Table,
  total: { sent: number; transactions: number },
  remainingMs: () => number,
): Promise<boolean> {
  const { store, candleWriter, published, settings, stages, log, nowMs } = services
  const { mark: before } = published
  if (before?.tableUuid !== table.metadata.tableUuid) return true
  const mark = await stages.time('topics', () => upToDate(services, before))
  published.mark = mark
  if (!mark?.refills?.length) return true
  const mayGoOn = () => remainingMs() >= RESERVE_MS && nowMs() % MINUTE_MS < MINUTE_MS - QUIET_MS
  if (mark.tableUuid !== before.tableUuid || !mayGoOn()) return false
  let sent = 0
  for await (const part of stages.each('refill', refillParts(store, table, mark))) {
    if (!mayGoOn()) break
    const records = part.candles.map(candle => candleRecord(settings, candle, true))
    await stages.time('send', () => candleWriter.send([...records, markRecord(settings, part.mark)]))
    published.mark = part.mark
    sent += part.candles.length
    total.transactions += 1
  }
  total.sent += sent
  const left = published.mark?.refills?.map(({ timeframe }) => timeframe) ?? []
  log.info('candle topics that were made again are filled again', { sent, left })
  return left.length === 0
}

/**
 * The mark with the candle topics that it does not have yet. Where one was made again, a newly opened writer reads it again:
 * Kafka shows the end of a transaction only a moment after it has answered.
 */
async function upToDate(services: PublishServices, mark: Mark): Promise<Mark | undefined> {
  const news = await newTopics(services, mark)
  if (news.length === 0) return mark
  const isAgain = news.some(({ timeframe }) => mark.topicIds?.[timeframe] !== undefined)
  const newest = isAgain ? await takeOver(services) : mark
  if (newest === undefined) return undefined
  const complete = await markWith(services, newest, await newTopics(services, newest))
  await services.candleWriter.send([markRecord(services.settings, complete)])
  return complete
}

/** Of all candles that were ever sent; unknown where a mark of an earlier version does not say it. */
function highestRevision(before: Mark | undefined, candles: readonly Candle[]): number | undefined {
  const known = before === undefined ? 0 : before.maxRevision
  if (known === undefined) return undefined
  return candles.reduce((highest, { revision }) => Math.max(highest, revision), known)
}

/** Fences every other publisher: from then on the mark is final. A lost mark is found again. */
async function takeOver(services: PublishServices): Promise<Mark | undefined> {
  const { candleWriter, settings, log } = services
  await candleWriter.open()
  const mark = await readMark(services)
  if (mark !== undefined) return mark
  const found = await markOfTopics(services)
  if (found === undefined) return undefined
  await candleWriter.send([markRecord(settings, found)])
  log.warn('the mark was lost: it was found again from the candle topics, and nothing is sent twice', {
    topic: settings.markTopic,
    mark: found,
  })
  return found
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

/** A bound above any candle's revisions, for marks of earlier versions, which do not have the highest one. */
const UNKNOWN_REVISIONS = 1_000_000

/** The highest revision on the candle topics, from whichever table it came. */
export async function publishedRevisions(services: Pick<Services, 'topicLog' | 'settings'>): Promise<number> {
  const { topicLog, settings } = services
  const mark = await readMark(services)
  if (mark !== undefined) return mark.maxRevision ?? UNKNOWN_REVISIONS
  // The mark may be lost with its topic.
  const logs = await Promise.all(candleTopics(settings).map(topic => topicLog.offsets(topic)))
  const isEmpty = logs.every(log => [...log.values()].every(({ high }) => high === 0))
  return isEmpty ? 0 : UNKNOWN_REVISIONS
}

/** A mark as it goes to its topic: what `readMark` reads back. */
export function markRecord({ markTopic }: Settings, mark: Mark): OutgoingRecord {
  return { topic: markTopic, partition: 0, key: MARK_KEY, value: JSON.stringify(mark) }
}

/** `candle_m1 … candle_M1`, or under another prefix. */
export function candleTopics({ candleTopicPrefix }: Settings): string[] {
  return TIMEFRAMES.map(({ name }) => candleTopicPrefix + name)
}
