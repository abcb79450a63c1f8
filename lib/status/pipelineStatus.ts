import { upperBound } from '../iceberg/dataFile.ts'
import { planFiles } from '../iceberg/plan.ts'
import { MINUTE_US } from '../market/time.ts'
import { readMark } from '../publish/publishCandles.ts'
import type { Services } from '../services.ts'
import { type CandlesState, candlesState } from '../tables/candlesState.ts'
import { CANDLE_FIELDS, CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { distance } from '../tables/offsetVector.ts'
import { countDeadLetters, TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { countUnread, unread, waiting } from './unread.ts'
import { unsentSince } from './waitingSince.ts'

/** Where the pipeline stands; a lag is counted in Kafka offsets. */
export interface PipelineStatus {
  /** Rows in the ticks table, dead letters on their topic: since the table began. */
  readonly ticks: number
  readonly deadLetters: number
  /** Records on Kafka that ingest has not taken in. */
  readonly ingestLag: number
  /** Records in the ticks table that live candles do not have yet. */
  readonly rollupLag: number
  /** How long after a minute its candles close, milliseconds; while they do not, how long the next ones are overdue. */
  readonly liveDelayMs: number | undefined
  /** Hours whose candles may lack late ticks. */
  readonly staleHours: number
  /** How long the oldest candle that is not on its topic may have waited, milliseconds; 0 when all are there. */
  readonly publishLagMs: number
  /** The bucket start of the newest m1 candle, microseconds; undefined while there is none. */
  readonly newestCandleUs: number | undefined
  /** Candles that ended by then are closed. */
  readonly closedUntilUs: number
}

/** Reads Kafka's offsets and the tables' metadata; touches no data file, and not Trino. */
export async function pipelineStatus({
  catalog,
  store,
  topicLog,
  settings,
  nowMs,
}: Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>): Promise<PipelineStatus> {
  const [ticksTable, candlesTable, ranges, mark] = await Promise.all([
    loadTable(catalog, TICKS_TABLE),
    loadTable(catalog, CANDLES_TABLE),
    topicLog.offsets(settings.ticksTopic),
    readMark({ topicLog, settings }),
  ])
  const { vector, totals } = ticksState(ticksTable)
  const candles = candlesState(candlesTable)
  const [files, waits] = await Promise.all([
    planFiles(store, candlesTable, { within: { timeframe: { from: 'm1', to: 'm1' } } }),
    waiting(topicLog, settings.ticksTopic, unread(ranges, vector)),
  ])
  const unsentMs = unsentSince(candlesTable, mark)
  const newest = files.map(file => Number(upperBound(file, CANDLE_FIELDS.dateTime) ?? 0))
  return {
    ticks: totals.ticks,
    deadLetters: countDeadLetters(totals),
    ingestLag: countUnread(waits),
    rollupLag: distance(candles.vector, vector),
    liveDelayMs: liveDelayMs(candles, nowMs()),
    staleHours: candles.hours.stale.size,
    publishLagMs: unsentMs === undefined ? 0 : Math.max(0, nowMs() - unsentMs),
    newestCandleUs: newest.length === 0 ? undefined : Math.max(...newest),
    closedUntilUs: candles.closedUntilUs,
  }
}

/** What the newest commit says of itself stays true only as long as the next one is not overdue. */
function liveDelayMs({ closedUntilUs, delayMs }: CandlesState, nowMs: number): number | undefined {
  if (closedUntilUs === 0) return undefined
  const overdueMs = nowMs - (closedUntilUs + MINUTE_US) / 1_000
  return overdueMs > (delayMs ?? 0) ? overdueMs : delayMs
}
