import { mapBounded } from '../mapBounded.ts'
import { floorTo, MINUTE_US } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import {
  nextOffset,
  type OffsetVector,
  type Position,
  towards,
  UNKNOWN_TIME,
} from '../tables/offsetVector.ts'
import type { Touch } from './chooseRound.ts'
import { type Commit, listNewFiles } from './newFiles.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { readPlaces, type TickPlaces } from './tickPlaces.ts'

/** What the candles lack of the ticks, from the front of the logs as far as one round needs. */
export interface NewTicks {
  readonly touches: readonly Touch[]
  /** All ticks below it, and not below the candles' vector, were looked at. */
  readonly reachable: OffsetVector
  /** Where the ticks of each commit that was looked at end. */
  readonly ends: readonly CommitEnd[]
  /** Files up to this sequence number hold nothing that was not looked at. */
  readonly sequence: number
}

interface CommitEnd {
  readonly sequence: number
  readonly epoch: number
  readonly partition: number
  readonly lastOffset: number
}

const FILES_AT_ONCE = 8

/**
 * Reads where and when the new ticks are, in the order of their commits until there are enough of them; and all
 * compacted files that may hold some, as these are in no order.
 */
export async function readNewTicks(
  store: ObjectStore,
  inputs: RollupInputs,
  limits: { readonly ticks: number; readonly files: number },
): Promise<NewTicks> {
  const { vector: from, ticksSequence } = inputs.state
  const target = towards(from, inputs.ticksVector, limits.ticks)
  const { compacted, commits } = await listNewFiles(store, inputs, target)
  const found = new FoundTicks(from)
  await mapBounded(compacted, FILES_AT_ONCE, async path => found.add(await readPlaces(store, path)))

  let read = 0
  for (const part of inParts(commits, Math.min(FILES_AT_ONCE, limits.files))) {
    if (found.ticks >= limits.ticks || found.files >= limits.files) break
    const files = part.flatMap(({ sequence, paths }) => paths.map(path => ({ sequence, path })))
    await mapBounded(files, FILES_AT_ONCE, async ({ sequence, path }) =>
      found.add(await readPlaces(store, path), sequence),
    )
    read += part.length
  }
  const ends = [...found.ends.values()]
  return {
    touches: [...found.touches.values()],
    reachable: read === commits.length ? target : belowUnread(from, target, ends),
    ends,
    // Compacted files do not tell the age of their ticks: beside them nothing is known.
    sequence: compacted.length > 0 ? ticksSequence : (commits[read - 1]?.sequence ?? ticksSequence),
  }
}

/** Files of the ticks table up to this sequence number hold no tick at or above a vector that is not above the reachable one. */
export function sequenceBelow({ ends, sequence }: NewTicks, vector: OffsetVector): number {
  const left = ends.filter(end => end.lastOffset >= nextOffset(vector, end.partition, end.epoch))
  return left.reduce((least, end) => Math.min(least, end.sequence - 1), sequence)
}

/** Whole commits, in parts of at least so many files. */
function* inParts(commits: readonly Commit[], leastFiles: number): Generator<readonly Commit[]> {
  let part: Commit[] = []
  let files = 0
  for (const commit of commits) {
    part.push(commit)
    files += commit.paths.length
    if (files < leastFiles) continue
    yield part
    part = []
    files = 0
  }
  if (part.length > 0) yield part
}

/** Of each log as far as its ticks were looked at, and no further than the target. */
function belowUnread(from: OffsetVector, target: OffsetVector, ends: readonly CommitEnd[]): OffsetVector {
  const positions = target.positions.map((position): Position => {
    const { epoch, partition } = position
    const ofLog = ends.filter(end => end.epoch === epoch && end.partition === partition)
    const next = Math.max(
      nextOffset(from, partition, epoch),
      ...ofLog.map(({ lastOffset }) => lastOffset + 1),
    )
    return next >= position.next ? position : { ...position, next, timestampMs: UNKNOWN_TIME }
  })
  return { epoch: target.epoch, positions }
}

/** Gathers what files hold at or above a vector. */
class FoundTicks {
  readonly touches = new Map<string, Touch>()
  readonly ends = new Map<string, CommitEnd>()
  /** Ticks of commits, and files that held some. */
  ticks = 0
  files = 0
  readonly #from: OffsetVector

  constructor(from: OffsetVector) {
    this.#from = from
  }

  /** `sequence` is that of the commit which brought the ticks; a compacted file has none, and is not counted. */
  add(places: TickPlaces, sequence?: number): void {
    let ticks = 0
    for (const [i, timeUs] of places.dateTimeUs.entries()) {
      const log = { epoch: places.epoch[i]!, partition: places.partition[i]! }
      const offset = Number(places.offset[i]!)
      if (offset < nextOffset(this.#from, log.partition, log.epoch)) continue
      ticks += 1
      this.#touch({ ...log, minuteUs: floorTo(timeUs, MINUTE_US), firstOffset: offset })
      if (sequence !== undefined) this.#end({ ...log, sequence, lastOffset: offset })
    }
    if (ticks === 0 || sequence === undefined) return
    this.ticks += ticks
    this.files += 1
  }

  #touch(touch: Touch): void {
    const key = `${touch.epoch}/${touch.partition}/${touch.minuteUs}`
    const known = this.touches.get(key)
    if (known === undefined || touch.firstOffset < known.firstOffset) this.touches.set(key, touch)
  }

  #end(end: CommitEnd): void {
    const key = `${end.sequence}/${end.epoch}/${end.partition}`
    const known = this.ends.get(key)
    if (known === undefined || end.lastOffset > known.lastOffset) this.ends.set(key, end)
  }
}
