import { setTimeout } from 'node:timers/promises'
import { floorTo, MINUTE_US, type Micros } from '../market/time.ts'
import type { OffsetRange } from '../ports.ts'
import { loadTable } from '../tables/layout.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import type { Services } from './services.ts'

type Needs = Pick<Services, 'catalog' | 'topicLog' | 'settings' | 'nowMs'>

/** What candles may be closed, and when. */
export interface Awaited {
  /** The newest whole minute whose grace had passed when Kafka's end was looked at. */
  readonly dueUs: Micros
  /** Candles due then may close once the vector has reached these offsets: all that Kafka had. */
  readonly ends: ReadonlyMap<number, number>
}

/** How long ingest is given to take in what Kafka has at the minute's end. */
const PATIENCE_MS = 2_000
const POLL_MS = 50

/**
 * Waits until the newest minute's grace is over and ingest has taken in all that Kafka had then; gives up waiting
 * after a while, as ingest may be down or far behind: then candles are computed, and closed another time.
 */
export async function awaitTicks(services: Needs): Promise<Awaited> {
  const { topicLog, settings, nowMs } = services
  const sinceMinuteMs = nowMs() % 60_000
  if (sinceMinuteMs < settings.graceMs) await setTimeout(settings.graceMs - sinceMinuteMs)
  const dueUs = floorTo((nowMs() - settings.graceMs) * 1000, MINUTE_US)
  const ranges = await topicLog.offsets(settings.ticksTopic)
  const deadlineMs = nowMs() + PATIENCE_MS
  for (;;) {
    const { vector } = ticksState(await loadTable(services.catalog, TICKS_TABLE))
    const ends = await visibleEnds(services, ranges, vector)
    if (reaches(vector, ends) || nowMs() >= deadlineMs) return { dueUs, ends }
    await setTimeout(POLL_MS)
  }
}

/** True when the vector holds all of each partition below its end. */
export function reaches(vector: OffsetVector, ends: ReadonlyMap<number, number>): boolean {
  return [...ends].every(([partition, end]) => nextOffset(vector, partition) >= end)
}

/** Transaction markers fill offsets that no reader sees: where nothing is left to read below the end, the vector is at it. */
async function visibleEnds(
  { topicLog, settings: { ticksTopic } }: Needs,
  ranges: ReadonlyMap<number, OffsetRange>,
  vector: OffsetVector,
): Promise<Map<number, number>> {
  const ends = await Promise.all(
    [...ranges].map(async ([partition, { high }]): Promise<[number, number]> => {
      const next = nextOffset(vector, partition)
      if (next >= high) return [partition, next]
      const following = await topicLog.firstFrom(ticksTopic, partition, next)
      const passed = following === undefined || following.offset >= high
      return [partition, passed ? next : high]
    }),
  )
  return new Map(ends)
}
