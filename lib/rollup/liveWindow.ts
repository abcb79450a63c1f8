import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { clipRanges, subtractRanges, type TimeRange } from '../market/range.ts'
import { floorTo, HOUR_US, MINUTE_US, type Micros } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { rowsWithin, type SpreadRows } from './rowsWithin.ts'

/** What a live round recomputes, and what it leaves to the backlog. */
export interface LiveMinutes {
  readonly window: TimeRange
  /** Touched minutes within the window. */
  readonly inside: readonly TimeRange[]
  /** Touched minutes outside of it. */
  readonly left: readonly TimeRange[]
}

/** A live statement reads about so many rows of ticks at most, and three minutes in any case. */
export const MAX_LIVE_ROWS = 300_000
const MIN_WINDOW_US = 3 * MINUTE_US
/** Where the window may begin, before the present minute: it shrinks until its rows are few enough. */
const SHRUNK_US = [40 * MINUTE_US, 15 * MINUTE_US, 6 * MINUTE_US]

/** From the start of the hour before the present one until an hour from now. */
export function widestWindow(nowUs: Micros): TimeRange {
  return { fromUs: floorTo(nowUs, HOUR_US) - HOUR_US, toUs: floorTo(nowUs, MINUTE_US) + MINUTE_US + HOUR_US }
}

/** The last three minutes, and the hour to come. */
export function narrowestWindow(nowUs: Micros): TimeRange {
  return { ...widestWindow(nowUs), fromUs: floorTo(nowUs, MINUTE_US) - MIN_WINDOW_US }
}

/** Divides the touched minutes: the widest window whose raw rows are not too many. */
export async function chooseLiveMinutes(
  store: ObjectStore,
  ticks: Table,
  touched: readonly TimeRange[],
  nowUs: Micros,
): Promise<LiveMinutes> {
  const widest = widestWindow(nowUs)
  const narrowest = narrowestWindow(nowUs)
  const inWidest = clipRanges(touched, widest)
  if (inWidest.length === 0) return dividedBy(widest, touched)
  const within = { date_time: { from: widest.fromUs, to: widest.toUs - 1 } }
  const stretches: SpreadRows[] = []
  for await (const files of scanFiles(store, ticks, { within })) {
    for (const file of files) stretches.push({ ...rangeOf(file), rows: file.recordCount })
  }
  const nowMinuteUs = floorTo(nowUs, MINUTE_US)
  const windows = [widest, ...SHRUNK_US.map(agoUs => ({ ...widest, fromUs: nowMinuteUs - agoUs }))]
  const chosen = windows.find(window => rowsWithin(stretches, clipRanges(touched, window)) <= MAX_LIVE_ROWS)
  return dividedBy(chosen ?? narrowest, touched)
}

/** Divides the touched minutes by a window. */
export function dividedBy(window: TimeRange, touched: readonly TimeRange[]): LiveMinutes {
  return { window, inside: clipRanges(touched, window), left: subtractRanges(touched, [window]) }
}
