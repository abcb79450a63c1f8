import type { SourceRecord } from '../records/records.ts'
import type { FailedOffsets } from './answer.ts'
import type { Slice } from './batcher.ts'

/** A batch on its way, and how often it was tried. */
export interface Work {
  slices: readonly Slice[]
  attempts: number
}

/** What the mapping says of batches that fail. */
export interface RetryPolicy {
  /** Attempts after the first one; Infinity for endless. */
  maximumRetries: number
  bisect: boolean
}

/** What becomes of a batch after an attempt: offsets to commit, batches to try again in this order, and one to give up. */
export interface Verdict {
  done: ReadonlyMap<number, number>
  again: readonly Work[]
  given: Work | undefined
}

/** After an invocation that answered: all is done, or, per partition, all before the first record that failed. */
export function afterAnswer(work: Work, failed: FailedOffsets, policy: RetryPolicy): Verdict {
  const done = new Map<number, number>()
  const rest: Slice[] = []
  for (const slice of work.slices) {
    const firstFailed = failed.get(slice.partition)
    if (firstFailed === undefined) {
      done.set(slice.partition, slice.nextOffset)
      continue
    }
    const index = slice.records.indexOfOffset(firstFailed)
    if (index > 0) done.set(slice.partition, firstFailed)
    rest.push({ ...slice, records: slice.records.slice(index) })
  }
  if (rest.length === 0) return { done, again: [], given: undefined }
  return { ...afterFailure({ ...work, slices: rest }, policy), done }
}

/** After an invocation that failed as a whole: again, in two halves when it may be split (which is no attempt), or given up. */
export function afterFailure(work: Work, { maximumRetries, bisect }: RetryPolicy): Verdict {
  const done = new Map<number, number>()
  if (bisect && countRecords(work.slices) > 1) {
    return { done, again: halves(work.slices).map(slices => ({ ...work, slices })), given: undefined }
  }
  const attempts = work.attempts + 1
  if (attempts > maximumRetries) return { done, again: [], given: { ...work, attempts } }
  return { done, again: [{ ...work, attempts }], given: undefined }
}

/** Parts a batch into records that are young enough to be sent and those that are not (a part is undefined when empty). */
export function partByAge(work: Work, oldestMs: number): { young: Work | undefined; old: Work | undefined } {
  const isYoung = (record: SourceRecord) => record.timestampMs >= oldestMs
  const part = (keep: (record: SourceRecord) => boolean): Work | undefined => {
    const slices = work.slices
      .map(slice => ({ ...slice, records: slice.records.filter(keep) }))
      .filter(({ records }) => records.length > 0)
    return slices.length === 0 ? undefined : { ...work, slices }
  }
  return { young: part(isYoung), old: part(record => !isYoung(record)) }
}

/** Milliseconds to wait after the nth failure in a row: doubling from `minMs` up to `maxMs`. */
export function backoffMs(failures: number, { minMs, maxMs }: { minMs: number; maxMs: number }): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30))
}

/** The records of all slices. */
export function countRecords(slices: readonly Slice[]): number {
  return slices.reduce((sum, { records }) => sum + records.length, 0)
}

function halves(slices: readonly Slice[]): [Slice[], Slice[]] {
  const first: Slice[] = []
  const second: Slice[] = []
  let room = Math.ceil(countRecords(slices) / 2)
  for (const slice of slices) {
    const { records } = slice
    if (records.length <= room) first.push(slice)
    else if (room === 0) second.push(slice)
    else {
      first.push({ ...slice, records: records.slice(0, room), nextOffset: records.at(room)!.offset })
      second.push({ ...slice, records: records.slice(room) })
    }
    room = Math.max(0, room - records.length)
  }
  return [first, second]
}
