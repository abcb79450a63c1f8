import { FollowTicks } from '../../lib/live/followTicks.ts'
import type { LiveTicks } from '../../lib/live/liveLook.ts'
import { type LivePage, type PageCandle, withLive } from '../../lib/live/withLive.ts'
import type { TimeframeName } from '../../lib/market/timeframe.ts'
import type { TopicTail } from '../../lib/ports.ts'
import { readCandlePage } from '../../lib/query/readCandlePage.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import type { CandlesRequest } from '../../lib/requests/candlesRequest.ts'
import type { World } from '../support/world.ts'

/** Follows the world's ticks topic; `warnings` gets what is logged. */
export function follow(
  { log, clock, services }: World,
  { topicTail = log as TopicTail, warnings = [] as unknown[] } = {},
): FollowTicks {
  return new FollowTicks({
    topicTail,
    settings: services.settings,
    nowMs: () => clock.nowMs,
    log: { ...services.log, warn: (_, fields) => void warnings.push(fields?.error) },
  })
}

/** A request for a series of the source `s`. */
export function requestOf(
  symbol: string,
  timeframe: TimeframeName,
  of: Partial<CandlesRequest> = {},
): CandlesRequest {
  return { source: 's', symbol, timeframe, limit: 500, fromUs: undefined, toUs: undefined, ...of }
}

/** The page of a series that a viewer sees now; undefined where live ticks cannot be read. */
export async function shown(
  world: World,
  live: LiveTicks,
  request: CandlesRequest,
): Promise<LivePage | undefined> {
  const snapshot = await new TableArchive(world.services).current()
  const look = await live.look(snapshot.state, request)
  return look && withLive(await readCandlePage(snapshot, request), request, snapshot, look)
}

/** The parts of a candle that follow from its ticks. */
export function valuesOf({ dateTimeUs, open, high, low, close, volume }: PageCandle) {
  return { dateTimeUs, open, high, low, close, volume }
}
