import type { RecordBatch } from '../../../lib/ports.ts'
import type { MemoryLogTransaction, MemoryTopicLog } from '../../support/memoryTopicLog.ts'

interface Appended {
  readonly epoch: number
  readonly partition: number
  readonly offset: number
  /** How many records could be read before it could. */
  place: number
}

export const PARTITIONS = 4

/** The ticks topic, and what was on it when: so that it can be told what a close must have waited for. */
export class KafkaHistory {
  readonly log: MemoryTopicLog
  readonly #topic: string
  #epoch = 0
  #count = 0
  /** By epoch, partition and offset. */
  readonly #records = new Map<string, Appended>()
  /** How many records there were when the wall clock was at a moment for the first time. */
  readonly #reached: { wallMs: number; readonly count: number }[] = []
  /** The next offset to be delivered to ingest, by partition. */
  #delivered = new Map<number, number>()
  #open: { transaction: MemoryLogTransaction; keys: string[] } | undefined
  /** Those that nobody reads before the open transaction ends. */
  #hidden: Appended[] = []

  constructor(log: MemoryTopicLog, topic: string, startMs: number) {
    this.log = log
    this.#topic = topic
    this.reached(startMs)
  }

  /** The wall clock is later than it ever was. */
  reached(wallMs: number): void {
    const last = this.#reached.at(-1)
    if (last?.count === this.#count) last.wallMs = wallMs
    else this.#reached.push({ wallMs, count: this.#count })
  }

  append(partition: number, timestampMs: number, value: string | null): void {
    const contents = [{ timestampMs, value: value === null ? null : Buffer.from(value) }]
    const offset = this.log.partition(this.#topic, partition).high
    if (this.#open) this.#open.transaction.append(this.#topic, partition, contents)
    else this.log.append(this.#topic, partition, contents)
    const record = { epoch: this.#epoch, partition, offset, place: Number.POSITIVE_INFINITY }
    const key = keyOf(record)
    this.#records.set(key, record)
    this.#open?.keys.push(key)
    if (this.log.partition(this.#topic, partition).open.size > 0) this.#hidden.push(record)
    else record.place = this.#count++
  }

  get hasTransaction(): boolean {
    return this.#open !== undefined
  }

  /** What is sent from now on is in a transaction, until it ends. */
  begin(): void {
    this.#open ??= { transaction: this.log.begin(), keys: [] }
  }

  end(how: 'commit' | 'abort'): void {
    if (how === 'abort') for (const key of this.#open?.keys ?? []) this.#records.delete(key)
    this.#open?.transaction[how]()
    this.#open = undefined
    for (const record of this.#hidden.splice(0)) record.place = this.#count++
  }

  /** The topic is deleted and made anew: what nobody has read is lost. */
  recreate(): void {
    this.end('abort')
    for (const [key, { partition, offset }] of this.#records) {
      if (offset >= (this.#delivered.get(partition) ?? 0)) this.#records.delete(key)
    }
    this.log.deleteTopic(this.#topic)
    this.log.createTopic(this.#topic, PARTITIONS)
    this.#epoch += 1
    this.#delivered = new Map()
  }

  /** The event source goes back to where the table is. */
  rewind(nextOf: (partition: number) => number): void {
    for (const partition of this.#delivered.keys()) this.#delivered.set(partition, nextOf(partition))
  }

  /** What the event source delivers next of a partition, `most` offsets on; undefined where there is nothing. */
  async next(partition: number, most: number): Promise<{ batch: RecordBatch; done: () => void } | undefined> {
    const records = []
    let offset = this.#delivered.get(partition) ?? 0
    while (records.length < most) {
      const record = await this.log.firstFrom(this.#topic, partition, offset)
      if (record === undefined) break
      records.push(record)
      offset = record.offset + 1
    }
    if (records.length === 0) return undefined
    const done = () => void this.#delivered.set(partition, offset)
    return { batch: { topic: this.#topic, partition, records }, done }
  }

  /** The records that Kafka had when the wall clock reached a moment for the first time. */
  *before(wallMs: number): Generator<Appended> {
    const count = this.#countAt(wallMs)
    for (const record of this.#records.values()) if (record.place < count) yield record
  }

  hadBefore(wallMs: number, place: { epoch: number; partition: number; offset: number }): boolean {
    const record = this.#records.get(keyOf(place))
    return record !== undefined && record.place < this.#countAt(wallMs)
  }

  #countAt(wallMs: number): number {
    let low = 0
    let high = this.#reached.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#reached[middle]!.wallMs < wallMs) low = middle + 1
      else high = middle
    }
    return this.#reached[low]?.count ?? this.#count
  }
}

function keyOf({ epoch, partition, offset }: Omit<Appended, 'place'>): string {
  return `${epoch}/${partition}/${offset}`
}
