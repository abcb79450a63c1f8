import { setTimeout as sleep } from 'node:timers/promises'
import type { Table } from '../iceberg/table.ts'
import { TopicRecreated } from '../ingest/admit.ts'
import { floorTo, MINUTE_US } from '../market/time.ts'
import type { OffsetRange } from '../ports.ts'
import type { Services } from '../services.ts'
import type { PendingClose } from '../tables/candlesState.ts'
import { loadTable } from '../tables/layout.ts'
import {
  advance,
  covers,
  nextOffset,
  type OffsetVector,
  topicIdOf,
  UNKNOWN_TIME,
} from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { passUnseen } from './pendingCloses.ts'

type Needs = Pick<Services, 'catalog' | 'topicLog' | 'settings' | 'stages' | 'nowMs'>

/** What the minute's work begins with. */
export interface AwaitedTicks extends PendingClose {
  readonly ticks: Table
}

/** How long ingest is given to take in what Kafka has at the minute's end. */
const PATIENCE_MS = 2_000
const POLL_MS = 20
/** A timer may fire this early by the wall clock. Without it the minute would not seem over, and would close with the next. */
const TIMER_EARLY_MS = 5
/** A schedule may fire this early by this clock: the call then belongs to the minute that is about to end. */
const EARLY_MS = 2_000

/**
 * Waits until the newest minute's grace is over and ingest has committed all that Kafka had then. It stops waiting after
 * `PATIENCE_MS`, as ingest may be down or far behind: then candles are computed now, and closed by a later call.
 * Gives which candles may close, and when, and the ticks table as it is now. Throws `TopicRecreated` while Kafka's topic is
 * not the one that the ticks were read from.
 */
export async function awaitTicks(services: Needs): Promise<AwaitedTicks> {
  const { catalog, topicLog, settings, stages, nowMs } = services
  // The vector is read before the offsets: ticks keep coming, and a later vector may be above them.
  const { vector } = ticksState(await stages.time('metadata', () => loadTable(catalog, TICKS_TABLE)))
  const waitMs = untilGraceIsOver(nowMs(), settings.graceMs)
  if (waitMs > 0) await stages.time('grace', () => sleep(waitMs + TIMER_EARLY_MS))
  const dueUs = floorTo((nowMs() - settings.graceMs) * 1000, MINUTE_US)
  return stages.time('ingest', async () => {
    const [ranges, topicId] = await Promise.all([
      topicLog.offsets(settings.ticksTopic),
      topicLog.topicId(settings.ticksTopic),
    ])
    if (isOther(ranges, vector, topicId)) throw new TopicRecreated(settings.ticksTopic)
    const ends = endsOf(ranges, vector)
    return { dueUs, ends, ticks: await ticksUpTo(services, ends) }
  })
}

/** The ticks table once it has all ticks below the ends, or as it is after `PATIENCE_MS`. */
async function ticksUpTo(services: Needs, ends: OffsetVector): Promise<Table> {
  // Not the wall clock: it may step back.
  const giveUpAtMs = performance.now() + PATIENCE_MS
  for (;;) {
    const ticks = await loadTable(services.catalog, TICKS_TABLE)
    const isIn = covers(await passUnseen(services, ticksState(ticks).vector, ends), ends)
    if (isIn || performance.now() >= giveUpAtMs) return ticks
    await sleep(POLL_MS)
  }
}

/** Milliseconds until the minute's grace has passed: of the one that has just ended, or is about to. */
export function untilGraceIsOver(nowMs: number, graceMs: number): number {
  const intoMinuteMs = nowMs % 60_000
  if (intoMinuteMs < graceMs) return graceMs - intoMinuteMs
  const untilNextMs = 60_000 - intoMinuteMs
  return untilNextMs <= EARLY_MS ? untilNextMs + graceMs : 0
}

/** True when the topic is not the one of the vector. Without ids, a partition that ends before the vector shows it. */
function isOther(
  ranges: ReadonlyMap<number, OffsetRange>,
  vector: OffsetVector,
  topicId: string | undefined,
): boolean {
  const readId = topicIdOf(vector)
  if (topicId !== undefined && readId !== undefined) return topicId !== readId
  const { epoch, positions } = vector
  return positions.some(p => p.epoch === epoch && p.next > (ranges.get(p.partition)?.high ?? 0))
}

/** Kafka's end offsets, with those of earlier epochs; never below the vector, as a partition may have lost its end. */
function endsOf(ranges: ReadonlyMap<number, OffsetRange>, vector: OffsetVector): OffsetVector {
  const { epoch } = vector
  const positions = [...ranges].map(([partition, { high }]) => {
    return {
      epoch,
      partition,
      next: Math.max(high, nextOffset(vector, partition)),
      timestampMs: UNKNOWN_TIME,
    }
  })
  return advance(vector, positions)
}
