import { isSameLog } from '../ingest/admit.ts'
import type { TopicTail } from '../ports.ts'
import { widestWindow } from '../rollup/liveWindow.ts'
import type { Services } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { nextOffset, type OffsetVector, topicIdOf } from '../tables/offsetVector.ts'
import { FollowedLog } from './followedLog.ts'

/** What it takes to follow the ticks topic. */
export type FollowServices = Pick<Services, 'settings' | 'nowMs'> & { readonly topicTail: TopicTail }

/** Clocks of producers may be so late that a minute's first records are before the time index's place for its start. */
const SLACK_MS = 60_000
/** So many offsets below the vector are read at most, of all partitions: one record of the year 2200 is found for each time. */
const MAX_LOOK_BACK = 200_000
/** With more offsets above the vector, or ticks of them in memory (50 bytes each), there is no live candle. */
const MAX_WAITING = 1_000_000
/** Minutes of all symbols in memory, some hundred bytes each. */
const MAX_MINUTES = 200_000

/**
 * Begins to follow the ticks topic: at the candles' vector, or before it, where Kafka's time index has the first records of
 * the minutes that are not closed. Throws `NotFollowed`, and what the tail throws.
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

/** As far as ids tell; where one is unknown, the timestamps of the records that were read last. */
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

/** Reads on to where the log ends now. Throws `NotFollowed` when it is another log, or too much; and what the tail throws. */
export async function readOn(
  { topicTail, settings: { ticksTopic }, nowMs }: FollowServices,
  log: FollowedLog,
): Promise<void> {
  let ends: ReadonlyMap<number, number> | undefined
  const isRead = ([partition, end]: readonly [number, number]) => log.positions.get(partition)! >= end
  do {
    const pieces = await topicTail.pieces(ticksTopic, log.positions)
    // Asked after the pieces came: they are of this topic, or of one before that is gone.
    if ((await topicTail.topicId(ticksTopic)) !== log.topicId)
      throw new NotFollowed('the topic was made again')
    if (pieces.some(({ partition, end }) => end < (log.positions.get(partition) ?? 0)))
      throw new NotFollowed('the log has lost its end')
    log.moveTo(widestWindow(nowMs() * 1000))
    for (const piece of pieces) log.take(piece)
    const { ticks, minutes } = log.sizes
    if (ticks > MAX_WAITING || minutes > MAX_MINUTES) throw new NotFollowed('there are too many ticks')
    ends ??= new Map(pieces.map(({ partition, end }) => [partition, end]))
  } while (![...ends].every(isRead))
}

/** Why there are no live candles, although Kafka answers. */
export class NotFollowed extends Error {}
