import { setTimeout as sleep } from 'node:timers/promises'
import type { Table } from '../iceberg/table.ts'
import { type Candle, type CandleKey, candleId } from '../market/candle.ts'
import { timeframeOfRemoved } from '../market/timeframe.ts'
import type { ObjectStore, TopicLog } from '../ports.ts'
import { readMark } from '../publish/publishCandles.ts'
import { isReached, type Mark } from '../publish/sendingOrder.ts'
import { readCandles } from '../rollup/storedCandles.ts'
import type { Settings } from '../services.ts'
import { DAY_US, OF_DAYS, WITHIN_A_DAY } from './calendar.ts'
import { contentsText } from './candleText.ts'
import { endOf } from './compareCandles.ts'
import { type CandleFile, candleFiles, type Days, dayOf, overlaps } from './dayCandles.ts'
import { DigestTable } from './digestTable.ts'
import { candleOfRow, isRemoved } from './removed.ts'
import { isInShare, type Share, sharesFor } from './share.ts'
import { type Suspect, settle } from './suspects.ts'
import { type Message, TopicRead } from './topicRead.ts'
import type { Verified } from './verifyTables.ts'

/** What the topics are compared with, and how it is loaded anew while the pipeline goes on. */
export interface VerifiedTopics extends Verified {
  readonly topicLog: TopicLog
  readonly settings: Settings
  readonly loadCandles: () => Promise<Table>
}

/** Shares of symbols are not of one size. */
const UNEVEN = 2
/** Suspects whose messages are kept; more are found wrong all the same. */
const MESSAGES_KEPT = 100_000
const POLL_MS = 250

/**
 * Compares the newest message of each candle on the topics with the candles table: all fields, none missing, none that
 * is not there, and of a candle that is gone a tombstone. What publish has not sent yet is counted; what changed meanwhile is compared with a later snapshot.
 */
export async function verifyTopics(verified: VerifiedTopics): Promise<void> {
  const { store, inputs, days, limits } = verified
  const mark = await awaitMark(verified)
  const files = await candleFiles(store, inputs.candles, days)
  for (const { timeframe } of [...WITHIN_A_DAY, ...OF_DAYS]) {
    const ofTimeframe = files.filter(file => holds(file, timeframe))
    const rows = ofTimeframe.reduce((sum, file) => sum + file.rows, 0)
    for (const share of sharesFor(rows, limits.candlesAtOnce)) {
      await verifyShare(verified, timeframe, share, ofTimeframe, mark)
    }
    verified.onProgress(`candles of ${timeframe} on Kafka compared`)
  }
}

/** How far publish has come; it is given a while to send what the snapshot holds. */
async function awaitMark({ inputs, limits, ...services }: VerifiedTopics): Promise<Mark | undefined> {
  const deadlineMs = Date.now() + limits.publishPatienceMs
  for (;;) {
    const mark = await ownMark(services, inputs.candles)
    const isEnough = mark !== undefined && isReached(mark, inputs.state.stampUs) && !mark.refills?.length
    if (isEnough || inputs.state.stampUs === 0 || Date.now() >= deadlineMs) return mark
    await sleep(POLL_MS)
  }
}

/** Undefined when what was sent is of another table. */
async function ownMark(
  services: Pick<VerifiedTopics, 'topicLog' | 'settings'>,
  { metadata }: Table,
): Promise<Mark | undefined> {
  const mark = await readMark(services)
  return mark?.tableUuid === metadata.tableUuid ? mark : undefined
}

async function verifyShare(
  verified: VerifiedTopics,
  timeframe: string,
  share: Share,
  files: readonly CandleFile[],
  mark: Mark | undefined,
): Promise<void> {
  const { store, topicLog, settings, days, findings, limits } = verified
  const isOurs = (candle: CandleKey) =>
    isWithin(candle, days) && isInShare(share, candle.source, candle.symbol)
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const table = new DigestTable(share.count === 1 ? rows : (rows / share.count) * UNEVEN)
  for await (const row of rowsIn(store, files, timeframe)) {
    const candle = candleOfRow(row)
    const contents = isRemoved(row) ? undefined : contentsText(row)
    if (isOurs(candle)) table.add(candleId(candle), contents, dayOf(row.dateTimeUs))
  }

  const topic = new TopicRead(topicLog, settings.candleTopicPrefix, timeframe)
  const others = new Map<string, Message>()
  for await (const message of topic.toEnd()) {
    if (share.index === 0) findings.kafkaRecords += 1
    if (message === undefined) {
      findings.report({
        in: 'kafka',
        problem: 'surplus',
        detail: `${timeframe}: a message that is no candle`,
      })
    } else if (isOurs({ ...message.key, timeframe })) {
      const key = candleId(message.key)
      const isRight = table.see(key, message.candle && contentsText(message.candle))
      // A tombstone of a candle that nobody knows is as it must be.
      if (isRight ?? message.candle === undefined) others.delete(key)
      else if (others.has(key) || others.size < MESSAGES_KEPT) others.set(key, message)
    }
  }

  const { equal, otherDays } = table.result()
  findings.published += equal
  const suspects = new Map<string, Suspect>([...others].map(([key, found]) => [key, { found }]))
  const onOtherDays = files.filter(file =>
    [...otherDays].some(day => overlaps(file, { first: day, last: day })),
  )
  for await (const row of rowsIn(store, onOtherDays, timeframe)) {
    const candle = candleOfRow(row)
    const key = candleId(candle)
    if (isOurs(candle) && !table.isRight(key)) suspects.set(key, { ...suspects.get(key), stored: row })
  }
  await settle({
    suspects,
    mark,
    findings,
    pauseMs: limits.pauseMs,
    news: () => topic.toEnd(),
    reload: async () => {
      const later = await verified.loadCandles()
      return { mark: await ownMark(verified, later), rows: rowsOfDays(verified, later, timeframe) }
    },
  })
}

/** True when the file may have candles of the timeframe, removed ones too. */
function holds({ timeframes }: CandleFile, timeframe: string): boolean {
  return timeframes.some(name => (timeframeOfRemoved(name) ?? name) === timeframe)
}

async function* rowsIn(
  store: ObjectStore,
  files: readonly CandleFile[],
  timeframe: string,
): AsyncGenerator<Candle> {
  for (const { file } of files) {
    for (const row of await readCandles(store, file)) {
      if (candleOfRow(row).timeframe === timeframe) yield row
    }
  }
}

/** Of a later version of the table, on the given days. */
function rowsOfDays({ store }: VerifiedTopics, table: Table, timeframe: string) {
  return async function* (daysWanted: Days): AsyncGenerator<Candle> {
    const files = await candleFiles(store, table, daysWanted)
    yield* rowsIn(
      store,
      files.filter(file => holds(file, timeframe)),
      timeframe,
    )
  }
}

function isWithin(candle: CandleKey, { first, last }: Days): boolean {
  return candle.dateTimeUs >= first * DAY_US && endOf(candle) <= (last + 1) * DAY_US
}
