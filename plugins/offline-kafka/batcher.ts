/** Records of one partition that arrived together; `nextOffset` is where the partition goes on after them. */
export interface Chunk<R> {
  records: readonly R[]
  /** Bytes of each record in the payload. */
  sizes: readonly number[]
  nextOffset: number
  arrivedAtMs: number
}

/** Part of a batch: consecutive records of one partition, and the offset to commit once they are done. */
export interface Slice<R> {
  partition: number
  records: readonly R[]
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
}

interface Queued<R> extends Chunk<R> {
  /** Index of the first record that was not taken. */
  from: number
}

interface Queue<R> {
  chunks: Queued<R>[]
  count: number
  bytes: number
}

/**
 * Gathers records per partition and closes batches as Lambda does: by count, payload or window, whichever is first.
 * A batch takes from all free partitions, the one that waits longest first, so that it mixes them; it holds at least one record,
 * also when that one is larger than the payload. Pure: time and the partitions that are free are handed in.
 */
export class Batcher<R extends { readonly offset: string }> {
  readonly #limits: BatchLimits
  readonly #queues = new Map<number, Queue<R>>()

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  /** Appends; a chunk without records (all filtered out) only moves the end of what is queued before it. */
  add(partition: number, chunk: Chunk<R>): void {
    const queue = this.#queues.get(partition) ?? { chunks: [], count: 0, bytes: 0 }
    if (chunk.records.length === 0) {
      const last = queue.chunks.at(-1)
      if (last !== undefined) last.nextOffset = chunk.nextOffset
      return
    }
    queue.chunks.push({ ...chunk, from: 0 })
    queue.count += chunk.records.length
    for (const size of chunk.sizes) queue.bytes += size
    this.#queues.set(partition, queue)
  }

  /** Forgets what is queued for a partition. */
  drop(partition: number): void {
    this.#queues.delete(partition)
  }

  bufferedBytes(partition: number): number {
    return this.#queues.get(partition)?.bytes ?? 0
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
  take(isFree: (partition: number) => boolean): Slice<R>[] {
    const waiting = [...this.#queues]
      .filter(([partition]) => isFree(partition))
      .sort(([, a], [, b]) => a.chunks[0]!.arrivedAtMs - b.chunks[0]!.arrivedAtMs)
    const slices: Slice<R>[] = []
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
    queue: Queue<R>,
    room: number,
    bytes: number,
    takeAny: boolean,
  ): Slice<R> | undefined {
    const records: R[] = []
    let nextOffset = 0
    let left = bytes
    for (let chunk = queue.chunks[0]; chunk !== undefined; chunk = queue.chunks[0]) {
      let to = chunk.from
      while (to < chunk.records.length && records.length + (to - chunk.from) < room) {
        const isFirst = takeAny && records.length === 0 && to === chunk.from
        const size = chunk.sizes[to]!
        if (size > left && !isFirst) break
        left -= size
        to++
      }
      if (to === chunk.from) break
      for (let i = chunk.from; i < to; i++) records.push(chunk.records[i]!)
      const isWhole = to === chunk.records.length
      nextOffset = isWhole ? chunk.nextOffset : Number(chunk.records[to - 1]!.offset) + 1
      chunk.from = to
      if (!isWhole) break
      queue.chunks.shift()
    }
    queue.count -= records.length
    queue.bytes -= bytes - left
    if (queue.count === 0) this.#queues.delete(partition)
    return records.length === 0 ? undefined : { partition, records, nextOffset }
  }
}
