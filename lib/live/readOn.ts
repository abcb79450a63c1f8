import { isSameLog } from '../ingest/admit.ts'
import type { TopicTail } from '../ports.ts'
import { widestWindow } from '../rollup/liveWindow.ts'
import type { Services } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { nextOffset, type OffsetVector, topicIdOf } from '../tables/offsetVector.ts'
import { FollowedLog } from './followedLog.ts'

/** The services that following the ticks topic needs. */
export type FollowServices = Pick<Services, 'settings' | 'nowMs'> & { readonly topicTail: TopicTail }

/** How late a producer's clock may be: the first records of a minute then have timestamps before its start. */
const SLACK_MS = 60_000
/**
 * The most offsets below the vector that are read, of all partitions together. A record with a timestamp of the year 2200 makes
 * Kafka's time index answer with an offset that is far too low.
 */
const MAX_LOOK_BACK = 200_000
/** The most offsets above the vector, and the most ticks in memory (50 bytes each). Beyond it there are no live candles. */
const MAX_WAITING = 1_000_000
/** The most minutes of all symbols in memory, some hundred bytes each. */
const MAX_MINUTES = 200_000

/**
 * Begins to follow the ticks topic, at the candles' vector or before it: at the first records of the minutes that are not
 * closed, by Kafka's time index. Throws `NotFollowed`, and what the tail throws.
 */
export async function beginAt(services: FollowServices, state: CandlesState): Promise<FollowedLog> {
  const { topicTail, settings } = services
  const { vector, closedUntilUs } = state
  const topicId = await topicTail.topicId(settings.ticksTopic)
  if (!(await isTopicOf(services, vector, topicId)))
    throw new NotFollowed('the topic is not the one that candles are made of')
  const [ranges, found] = await Promise.all([
    topicTail.offsets(settings.ticksTopic),
    topicTail.offsetsAt(settings.ticksTopic, Math.max(0, Math.floor(closedUntilUs / 1000) - SLACK_MS)),
  ])
  const from = new Map<number, number>()
  let waiting = 0
  for (const [partition, { low, high }] of ranges) {
    const next = nextOffset(vector, partition)
    if (next > high) throw new NotFollowed('the log ends before the offsets that candles have')
    waiting += high - Math.max(low, next)
    const start = Math.max(found.get(partition) ?? high, next - Math.floor(MAX_LOOK_BACK / ranges.size))
    from.set(partition, Math.max(low, Math.min(next, start)))
  }
  if (waiting > MAX_WAITING) throw new NotFollowed('candles are too far behind')
  return new FollowedLog(settings, { state, topicId, from })
}

/** True for the topic that the candles are made of: by its id, or without ids by the timestamps of the last records read. */
async function isTopicOf(
  { topicTail, settings: { ticksTopic } }: FollowServices,
  vector: OffsetVector,
  topicId: string | undefined,
): Promise<boolean> {
  const readId = topicIdOf(vector)
  if (readId !== undefined && topicId !== undefined) return readId === topicId
  const present = vector.positions.filter(({ epoch }) => epoch === vector.epoch)
  const same = await Promise.all(present.map(position => isSameLog(topicTail, ticksTopic, position)))
  return same.every(Boolean)
}

/** Reads on to the present end of the log. Throws `NotFollowed` for another log or too many ticks, and what the tail throws. */
export async function readOn(
  { topicTail, settings: { ticksTopic }, nowMs }: FollowServices,
  log: FollowedLog,
): Promise<void> {
  let ends: ReadonlyMap<number, number> | undefined
  const isRead = ([partition, end]: readonly [number, number]) => log.positions.get(partition)! >= end
  do {
    const pieces = await topicTail.pieces(ticksTopic, log.positions)
    // Asked after the pieces have come: an unchanged id proves that they are of the same topic.
    if ((await topicTail.topicId(ticksTopic)) !== log.topicId)
      throw new NotFollowed('the topic was made again')
    if (pieces.some(({ partition, end }) => end < (log.positions.get(partition) ?? 0)))
      throw new NotFollowed('the log has lost its end')
    log.moveTo(widestWindow(nowMs() * 1000))
    for (const piece of pieces) log.take(piece)
    const { ticks, minutes } = log.sizes
    if (ticks > MAX_WAITING || minutes > MAX_MINUTES) throw new TooMuch('there are too many ticks')
    ends ??= new Map(pieces.map(({ partition, end }) => [partition, end]))
  } while (![...ends].every(isRead))
}

/** The topic cannot be followed from this state of the candles, although Kafka answers. */
export class NotFollowed extends Error {}

/** It will not be less a moment later. */
export class TooMuch extends NotFollowed {}
