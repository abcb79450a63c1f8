/** What is asked about the buffer of an event. */
export interface Buffered {
  bufferedBytes(partition: number): number
  totalBytes(): number
  /** Whether the next batch lacks no record of the partition. */
  isServed(partition: number): boolean
}

/**
 * The partitions that rest, since enough of them waits in the buffer. One rests at its share, and then until half of that
 * is free again. It may have more while half of all is free, and where a batch lacks it: one that is not full waits for its
 * window. While the whole buffer is full all others rest, also those that have nothing in it: of many partitions, what one
 * fetch brings of each is far more than their shares.
 */
export class Resting {
  readonly #buffered: Buffered
  readonly #bufferBytes: number
  readonly #partitions = new Set<number>()

  constructor(buffered: Buffered, bufferBytes: number) {
    this.#buffered = buffered
    this.#bufferBytes = bufferBytes
  }

  get isEmpty(): boolean {
    return this.#partitions.size === 0
  }

  /** Whether one of `count` partitions is to rest now; it is remembered. */
  update(partition: number, count: number): boolean {
    const share = this.#bufferBytes / Math.max(1, count)
    const limit = this.#partitions.has(partition) ? share / 2 : share
    const total = this.#buffered.totalBytes()
    const hasEnough = this.#buffered.bufferedBytes(partition) > limit && total > this.#bufferBytes / 2
    const rests = (hasEnough || total > this.#bufferBytes) && this.#buffered.isServed(partition)
    if (rests) this.#partitions.add(partition)
    else this.#partitions.delete(partition)
    return rests
  }

  forget(partition: number): void {
    this.#partitions.delete(partition)
  }
}
