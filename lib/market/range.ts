import { DAY_US, floorTo, MINUTE_US, type Micros } from './time.ts'
import { bucketEnd, bucketStart, type Timeframe } from './timeframe.ts'

/** A stretch of time, `from` included, `to` not. */
export interface TimeRange {
  readonly fromUs: Micros
  readonly toUs: Micros
}

/** Sorts ranges and joins those that overlap or lie at most `gapUs` apart. */
export function mergeRanges(ranges: readonly TimeRange[], gapUs = 0): TimeRange[] {
  const sorted = [...ranges].sort((a, b) => a.fromUs - b.fromUs)
  const merged: { fromUs: Micros; toUs: Micros }[] = []
  for (const { fromUs, toUs } of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && fromUs <= last.toUs + gapUs) last.toUs = Math.max(last.toUs, toUs)
    else merged.push({ fromUs, toUs })
  }
  return merged
}

/** At most `most` ranges that cover all the given ones: the smallest gaps between them are closed first. */
export function coverWith(ranges: readonly TimeRange[], most: number): TimeRange[] {
  const merged = mergeRanges(ranges)
  if (merged.length <= most) return merged
  const gaps = merged.slice(1).map((range, index) => range.fromUs - merged[index]!.toUs)
  const widest = gaps.toSorted((a, b) => a - b)[merged.length - most - 1]!
  return mergeRanges(merged, widest)
}

/** The ranges grown outwards to whole buckets of the timeframe. */
export function growToBuckets(timeframe: Timeframe, ranges: readonly TimeRange[]): TimeRange[] {
  return mergeRanges(
    ranges.map(({ fromUs, toUs }) => ({
      fromUs: bucketStart(timeframe, fromUs),
      toUs: bucketEnd(timeframe, bucketStart(timeframe, toUs - 1)),
    })),
  )
}

/** What of `ranges` lies outside all of `holes`; both are merged first. */
export function subtractRanges(ranges: readonly TimeRange[], holes: readonly TimeRange[]): TimeRange[] {
  const rest: TimeRange[] = []
  const cuts = mergeRanges(holes)
  for (const { fromUs, toUs } of mergeRanges(ranges)) {
    let startUs = fromUs
    for (const hole of cuts) {
      if (hole.toUs <= startUs || hole.fromUs >= toUs) continue
      if (hole.fromUs > startUs) rest.push({ fromUs: startUs, toUs: hole.fromUs })
      startUs = hole.toUs
    }
    if (startUs < toUs) rest.push({ fromUs: startUs, toUs })
  }
  return rest
}

/** What of `ranges` lies within the stretch. */
export function clipRanges(ranges: readonly TimeRange[], { fromUs, toUs }: TimeRange): TimeRange[] {
  return ranges
    .map(range => ({ fromUs: Math.max(range.fromUs, fromUs), toUs: Math.min(range.toUs, toUs) }))
    .filter(range => range.fromUs < range.toUs)
}

/** True when one of the ranges holds the moment; they are in their order and do not overlap, as `mergeRanges` gives them. */
export function holdsMoment(ranges: readonly TimeRange[], timeUs: Micros): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ranges[middle]!.toUs <= timeUs) low = middle + 1
    else high = middle
  }
  return low < ranges.length && ranges[low]!.fromUs <= timeUs
}

/** True when the stretch [fromUs, toUs) shares a moment with one of the ranges. */
export function overlaps(ranges: readonly TimeRange[], fromUs: Micros, toUs: Micros): boolean {
  return ranges.some(range => range.fromUs < toUs && fromUs < range.toUs)
}

/** The range, which begins and ends at whole minutes, in so many parts that do so too: about equal, fewer where it is short. */
export function cutEvenly({ fromUs, toUs }: TimeRange, parts: number): TimeRange[] {
  const cuts = Array.from({ length: parts + 1 }, (_, i) =>
    floorTo(fromUs + ((toUs - fromUs) * i) / parts, MINUTE_US),
  )
  return cuts
    .slice(1)
    .map((toUs, i) => ({ fromUs: cuts[i]!, toUs }))
    .filter(({ fromUs, toUs }) => fromUs < toUs)
}

/** The whole minutes that cover the range, cut at midnights. */
export function* cutAtMidnights({ fromUs, toUs }: TimeRange): Generator<TimeRange> {
  const endUs = Math.ceil(toUs / MINUTE_US) * MINUTE_US
  for (let startUs = floorTo(fromUs, MINUTE_US); startUs < endUs; ) {
    const nextUs = Math.min(floorTo(startUs, DAY_US) + DAY_US, endUs)
    yield { fromUs: startUs, toUs: nextUs }
    startUs = nextUs
  }
}
