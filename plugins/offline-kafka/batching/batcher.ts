import { type RecordBatch, Records, type Run } from '../records/records.ts'

/** Part of a batch: records of one partition, and the offset to commit once they are done. */
export interface Slice {
  partition: number
  records: Records
  nextOffset: number
}

/** What closes a batch: whichever is reached first. */
export interface BatchLimits {
  batchSize: number
  windowMs: number
  payloadBytes: number
  /** Payload bytes before any record. */
  envelopeBytes: number
  /** Payload bytes that a partition adds besides its records. */
  listBytes(partition: number): number
  /** Payload bytes that each record of a partition adds to its own `jsonBytes`. */
  frameBytes(partition: number): number
}

/** What is left of a batch that has come; `nextOffset` is where the partition goes on after it. */
interface Chunk {
  batch: RecordBatch
  from: number
  nextOffset: number
  arrivedAtMs: number
}

interface Queue {
  chunks: Chunk[]
  count: number
  bytes: number
}

/**
 * Gathers records per partition and closes batches as Lambda does: by count, payload or window, whichever is first.
 * A batch takes from all free partitions, the one that waits longest first, so that it mixes them; it holds at least one record,
 * also when that one is larger than the payload. Pure: time and the partitions that are free are handed in.
 */
export class Batcher {
  readonly #limits: BatchLimits
  readonly #queues = new Map<number, Queue>()

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  /** Appends batches, none of them empty; none at all (all filtered out) only moves the end of what is queued before. */
  add(partition: number, batches: readonly RecordBatch[], nextOffset: number, arrivedAtMs: number): void {
    const queue = this.#queues.get(partition) ?? { chunks: [], count: 0, bytes: 0 }
    for (const batch of batches) {
      queue.chunks.push({ batch, from: 0, nextOffset: batch.offset(batch.length - 1) + 1, arrivedAtMs })
      queue.count += batch.length
      queue.bytes += batch.length * this.#limits.frameBytes(partition)
      for (let i = 0; i < batch.length; i++) queue.bytes += batch.jsonBytes(i)
    }
    const last = queue.chunks.at(-1)
    if (last === undefined) return
    last.nextOffset = nextOffset
    this.#queues.set(partition, queue)
  }

  /** Forgets what is queued for a partition. */
  drop(partition: number): void {
    this.#queues.delete(partition)
  }

  bufferedBytes(partition: number): number {
    return this.#queues.get(partition)?.bytes ?? 0
  }

  /** Of all partitions. */
  totalBytes(): number {
    return this.#queues.values().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  isEmpty(partition: number): boolean {
    return !this.#queues.has(partition)
  }

  /** When the next batch of the free partitions closes: -Infinity when it is full, undefined when there is no record. */
  dueAtMs(isFree: (partition: number) => boolean): number | undefined {
    const { batchSize, windowMs, payloadBytes } = this.#limits
    let count = 0
    let bytes = this.#limits.envelopeBytes
    let oldest = Number.POSITIVE_INFINITY
    for (const [partition, queue] of this.#queues) {
      if (!isFree(partition)) continue
      count += queue.count
      bytes += queue.bytes + this.#limits.listBytes(partition)
      oldest = Math.min(oldest, queue.chunks[0]!.arrivedAtMs)
    }
    if (count === 0) return undefined
    return count >= batchSize || bytes >= payloadBytes ? Number.NEGATIVE_INFINITY : oldest + windowMs
  }

  /** Takes the next batch of the free partitions, whether it is due or not; empty when there is no record. */
  take(isFree: (partition: number) => boolean): Slice[] {
    const waiting = [...this.#queues]
      .filter(([partition]) => isFree(partition))
      .sort(([, a], [, b]) => a.chunks[0]!.arrivedAtMs - b.chunks[0]!.arrivedAtMs)
    const slices: Slice[] = []
    let room = this.#limits.batchSize
    let bytes = this.#limits.payloadBytes - this.#limits.envelopeBytes
    for (const [partition, queue] of waiting) {
      bytes -= this.#limits.listBytes(partition)
      const before = queue.bytes
      const slice = this.#takeFrom(partition, queue, room, bytes, slices.length === 0)
      if (slice === undefined) break
      slices.push(slice)
      room -= slice.records.length
      bytes -= before - queue.bytes
      if (room === 0 || queue.count > 0) break
    }
    return slices
  }

  #takeFrom(
    partition: number,
    queue: Queue,
    room: number,
    bytes: number,
    takeAny: boolean,
  ): Slice | undefined {
    const runs: Run[] = []
    const frameBytes = this.#limits.frameBytes(partition)
    let count = 0
    let nextOffset = 0
    let left = bytes
    for (let chunk = queue.chunks[0]; chunk !== undefined; chunk = queue.chunks[0]) {
      const { batch, from } = chunk
      let to = from
      while (to < batch.length && count < room) {
        const size = batch.jsonBytes(to) + frameBytes
        if (size > left && !(takeAny && count === 0)) break
        left -= size
        count++
        to++
      }
      if (to === from) break
      runs.push({ batch, from, to })
      const isWhole = to === batch.length
      nextOffset = isWhole ? chunk.nextOffset : batch.offset(to - 1) + 1
      chunk.from = to
      if (!isWhole) break
      queue.chunks.shift()
    }
    queue.count -= count
    queue.bytes -= bytes - left
    if (queue.count === 0) this.#queues.delete(partition)
    return count === 0 ? undefined : { partition, records: new Records(runs), nextOffset }
  }
}
