import { TIMEFRAMES } from '../market/timeframe.ts'
import type { TopicLog } from '../ports.ts'
import type { Services } from '../services.ts'
import { candlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import {
  bySendingOrder,
  type Mark,
  markAt,
  placeBehind,
  type Refill,
  reachAt,
  type SendingPlace,
} from './sendingOrder.ts'
import { firstSent, lastSent, wasFilledAgain } from './sentPlaces.ts'

/** A timeframe whose topic has an id that the mark does not have for it. */
export interface NewTopic {
  readonly timeframe: string
  readonly id: string
}

/** Candle topics whose ids the mark does not have; none where the broker has no ids. */
export async function newTopics(
  { topicLog, settings }: Pick<Services, 'topicLog' | 'settings'>,
  { topicIds }: Mark,
): Promise<NewTopic[]> {
  const found = await Promise.all(
    TIMEFRAMES.map(async ({ name }) => {
      const id = await topicLog.topicId(settings.candleTopicPrefix + name)
      return id === undefined || id === topicIds?.[name] ? [] : [{ timeframe: name, id }]
    }),
  )
  return found.flat()
}

/**
 * The mark with the ids of the new topics, and with a refill for each that was deleted and made again. The refill is all that was
 * sent before the new topic got its first record. No other publisher may send meanwhile, and all transactions must be visible.
 */
export async function markWith(
  { topicLog, settings }: Pick<Services, 'topicLog' | 'settings'>,
  mark: Mark,
  news: readonly NewTopic[],
): Promise<Mark> {
  const { topicIds = {}, refills = [] } = mark
  const again = news.map(({ timeframe }) => timeframe).filter(name => topicIds[name] !== undefined)
  const begun = await Promise.all(
    again.map(async name => {
      const first = await firstSent(topicLog, settings.candleTopicPrefix + name, name)
      return refillOf(name, first ?? placeBehind(mark))
    }),
  )
  return {
    ...mark,
    topicIds: { ...topicIds, ...Object.fromEntries(news.map(({ timeframe, id }) => [timeframe, id])) },
    refills: [...refills.filter(({ timeframe }) => !again.includes(timeframe)), ...begun],
  }
}

/**
 * Finds a mark that was lost with its topic: the row that was sent last, over all candle topics. A candle topic that is empty is
 * filled from there, and one with a refill under way from where that ended. Undefined when nothing was ever sent, or when the last stamp is
 * newer than any of this table: then another table's candles were sent. No other publisher may send meanwhile, and all transactions
 * must be visible.
 */
export async function markOfTopics({
  catalog,
  topicLog,
  settings,
}: Pick<Services, 'catalog' | 'topicLog' | 'settings'>): Promise<Mark | undefined> {
  const lasts: LastSent[] = []
  for (const { name } of TIMEFRAMES)
    lasts.push(await lastOf(topicLog, settings.candleTopicPrefix + name, name))
  const places = lasts.flatMap(({ once, again }) => once ?? again ?? [])
  const newest = places.sort(bySendingOrder).at(-1)
  if (newest === undefined) return undefined
  const table = await loadTable(catalog, CANDLES_TABLE)
  if (newest.updatedAtUs > candlesState(table).stampUs) return undefined
  const mark = markAt(table.metadata.tableUuid, newest)
  const lacking = lasts.filter(({ once, again }) => once === undefined || again !== undefined)
  const refills = lacking.map(({ timeframe, first, again }) => {
    return { ...refillOf(timeframe, first ?? placeBehind(mark)), ...(again && { from: reachAt(again) }) }
  })
  return { ...mark, refills }
}

/** The last rows of a timeframe that were sent: for the first time (`once`), and in a refill (`again`). */
interface LastSent {
  readonly timeframe: string
  readonly once: SendingPlace | undefined
  /** Undefined also where the topic was not made again. */
  readonly again: SendingPlace | undefined
  /** The one that was sent first as always, where others were sent again before it. */
  readonly first: SendingPlace | undefined
}

async function lastOf(log: TopicLog, topic: string, timeframe: string): Promise<LastSent> {
  const once = await lastSent(log, topic, timeframe)
  const isFilled = once === undefined || (await wasFilledAgain(log, topic))
  // What was sent again had been sent before. Whether it was all is not known: what is left of it, if anything, follows.
  const again = isFilled ? await lastSent(log, topic, timeframe, 'again') : undefined
  return { timeframe, once, again, first: again && (await firstSent(log, topic, timeframe)) }
}

function refillOf(timeframe: string, before: SendingPlace): Refill {
  return { timeframe, from: { stampUs: 0 }, before }
}
