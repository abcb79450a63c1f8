import { ancestors, currentSnapshot } from '../iceberg/metadata.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import type { ComputedCandle } from '../market/candle.ts'
import { symbolKey } from '../market/candleBook.ts'
import {
  clipRanges,
  holdsMoment,
  mergeRanges,
  overlaps,
  subtractRanges,
  type TimeRange,
} from '../market/range.ts'
import type { QueryOptions } from '../ports.ts'
import type { Services } from '../services.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { type FoldedMinute, type FoldedTicks, foldMinutes, type TickPlace } from './foldMinutes.ts'

/** Minutes that were folded while their last ticks were awaited: all ticks of some stretches that the table had then. */
export interface FoldedAhead {
  readonly ticks: Table
  readonly stretches: readonly TimeRange[]
  readonly minutes: readonly FoldedMinute[]
}

type Needs = Pick<Services, 'store' | 'query' | 'settings'>

/** More files than a second or two of ingest makes are folded with all others. */
const MAX_FILES = 16

/**
 * The m1 candles of some stretches. What was folded ahead is completed by a statement over the files that came since: it
 * reads a few files where the whole minute has sixty. Where more than plain appends happened since, all is folded again.
 */
export async function foldLive(
  services: Needs,
  folded: FoldedTicks,
  ahead: FoldedAhead | undefined,
  options: QueryOptions,
): Promise<ComputedCandle[]> {
  const rest = ahead && (await restOf(services, folded, ahead))
  if (ahead === undefined || rest === undefined) return foldMinutes(services, folded, options)
  const added = rest.paths.length === 0 ? [] : await foldMinutes(services, { ...folded, ...rest }, options)
  const known = ahead.minutes.filter(({ dateTimeUs }) => holdsMoment(folded.stretches, dateTimeUs))
  return joinParts(known, added)
}

/** What is left to be folded; undefined when it takes more than the new files to complete what was folded ahead. */
async function restOf(
  { store }: Needs,
  { ticks, stretches }: FoldedTicks,
  ahead: FoldedAhead,
): Promise<{ stretches: readonly TimeRange[]; paths: readonly string[] } | undefined> {
  if (stretches.length === 0 || !isAppendedTo(ahead.ticks, ticks)) return undefined
  const seen = currentSnapshot(ahead.ticks)!.sequenceNumber
  const others = subtractRanges(stretches, ahead.stretches)
  const within = { date_time: { from: stretches[0]!.fromUs, to: stretches.at(-1)!.toUs - 1 } }
  const touched: TimeRange[] = []
  const paths: string[] = []
  for await (const files of scanFiles(store, ticks, { within })) {
    for (const file of files) {
      const range = rangeOf(file)
      const isNew = file.fileSequenceNumber > seen
      if (!isNew && overlaps(others, range.fromUs, range.toUs)) return undefined
      const within = isNew ? clipRanges(stretches, range) : []
      touched.push(...within)
      if (within.length > 0) paths.push(file.path)
      if (paths.length > MAX_FILES) return undefined
    }
  }
  return { stretches: mergeRanges(touched), paths }
}

/** True when nothing but appends lies between two versions of a table. */
function isAppendedTo(earlier: Table, later: Table): boolean {
  const { currentSnapshotId } = earlier.metadata
  for (const { snapshotId, summary } of ancestors(later)) {
    if (snapshotId === currentSnapshotId) return true
    if (summary.operation !== 'append') return false
  }
  return false
}

/** The m1 candles of two sets of ticks that have none in common, put together from those of each. */
export function joinParts(some: readonly FoldedMinute[], others: readonly FoldedMinute[]): FoldedMinute[] {
  const id = (minute: FoldedMinute) => `${minute.dateTimeUs} ${symbolKey(minute)}`
  const minutes = new Map(some.map(minute => [id(minute), minute]))
  for (const minute of others) {
    const known = minutes.get(id(minute))
    minutes.set(id(minute), known === undefined ? minute : joinedMinute(known, minute))
  }
  return [...minutes.values()]
}

function joinedMinute(a: FoldedMinute, b: FoldedMinute): FoldedMinute {
  const opening = comesBefore(a.ends[0], b.ends[0]) ? a : b
  const closing = comesBefore(a.ends[1], b.ends[1]) ? b : a
  return {
    ...a,
    open: opening.open,
    high: Math.max(a.high, b.high),
    low: Math.min(a.low, b.low),
    close: closing.close,
    volume: a.volume + b.volume,
    ends: [opening.ends[0], closing.ends[1]],
  }
}

/** Times of one minute are texts of one length, and sort as they are. */
function comesBefore([timeA, ...placeA]: TickPlace, [timeB, ...placeB]: TickPlace): boolean {
  if (timeA !== timeB) return timeA < timeB
  for (const [i, text] of placeA.entries()) {
    const [a, b] = [BigInt(text), BigInt(placeB[i]!)]
    if (a !== b) return a < b
  }
  return false
}
