import { TopicMissing } from '../../lib/kafka/errors.ts'
import type { KafkaRecord, LogPiece, OffsetRange, TopicLog, TopicTail } from '../../lib/ports.ts'

/** The most offsets of one piece: few, so that tests read several pieces. */
const PIECE_OFFSETS = 50

/** What a record holds beside its place; without a time it is of the year 1970. */
export type RecordContents = Partial<Omit<KafkaRecord, 'offset'>>

interface Partition {
  low: number
  high: number
  /** By offset; missing ones are unseen, compacted, or cut off by retention. */
  readonly records: Map<number, KafkaRecord>
  /** The offsets of transaction markers and of aborted records. */
  readonly unseen: Set<number>
  /** The first offset of each transaction that is open here. */
  readonly open: Map<MemoryLogTransaction, number>
}

/** Kafka's logs in memory, with what makes them hard to read: markers, aborted and open transactions, retention. */
export class MemoryTopicLog implements TopicLog, TopicTail {
  readonly #topics = new Map<string, Partition[]>()
  readonly #ids = new Map<string, string>()
  readonly #groups = new Map<string, Map<number, number>>()
  readonly #compacted = new Set<string>()
  #knowsIds = true

  createTopic(topic: string, partitionCount: number): void {
    const empty = (): Partition => ({
      low: 0,
      high: 0,
      records: new Map(),
      unseen: new Set(),
      open: new Map(),
    })
    this.#topics.set(topic, Array.from({ length: partitionCount }, empty))
    this.#ids.set(topic, crypto.randomUUID())
  }

  /** Groups forget where they were. */
  deleteTopic(topic: string): void {
    this.#topics.delete(topic)
    for (const key of this.#groups.keys()) if (key.endsWith(`/${topic}`)) this.#groups.delete(key)
  }

  /** As a broker of a time before topic ids. */
  hideTopicIds(): void {
    this.#knowsIds = false
  }

  /** What a consumer group commits. */
  commitGroup(groupId: string, topic: string, offsets: ReadonlyMap<number, number>): void {
    const key = `${groupId}/${topic}`
    this.#groups.set(key, new Map([...(this.#groups.get(key) ?? []), ...offsets]))
  }

  async topicId(topic: string): Promise<string | undefined> {
    this.partitions(topic)
    return this.#knowsIds ? this.#ids.get(topic) : undefined
  }

  async groupOffsets(groupId: string, topic: string): Promise<Map<number, number>> {
    this.partitions(topic)
    return new Map(this.#groups.get(`${groupId}/${topic}`))
  }

  /** Writes records and gives the offset of the first. */
  append(topic: string, partition: number, contents: readonly RecordContents[]): number {
    const log = this.partition(topic, partition)
    const first = log.high
    for (const { timestampMs = 0, key = null, value = null, headers = {} } of contents) {
      log.records.set(log.high, { offset: log.high, timestampMs, key, value, headers })
      log.high += 1
    }
    return first
  }

  begin(): MemoryLogTransaction {
    return new MemoryLogTransaction(this)
  }

  /** What retention does: removes the records below an offset. */
  cutBelow(topic: string, partition: number, offset: number): void {
    const log = this.partition(topic, partition)
    for (; log.low < offset; log.low++) {
      log.records.delete(log.low)
      log.unseen.delete(log.low)
    }
  }

  /** What compaction does to a record that a newer one of its key has overtaken. */
  remove(topic: string, partition: number, offset: number): void {
    this.partition(topic, partition).records.delete(offset)
    this.#compacted.add(topic)
  }

  async isCompacted(topic: string): Promise<boolean> {
    this.partitions(topic)
    return this.#compacted.has(topic)
  }

  async unseen(topic: string, partition: number, from: number, to: number): Promise<number[]> {
    const offsets = [...this.partition(topic, partition).unseen]
    return offsets.filter(offset => offset >= from && offset < to).sort((a, b) => a - b)
  }

  async offsets(topic: string): Promise<Map<number, OffsetRange>> {
    return new Map(this.partitions(topic).map(({ low, high }, partition) => [partition, { low, high }]))
  }

  async firstFrom(topic: string, partition: number, offset: number): Promise<KafkaRecord | undefined> {
    const log = this.partition(topic, partition)
    for (let at = Math.max(offset, log.low); at < stableEnd(log); at++) {
      const record = log.records.get(at)
      if (record) return record
    }
    return undefined
  }

  async last(topic: string, partition: number): Promise<KafkaRecord | undefined> {
    const log = this.partition(topic, partition)
    for (let at = stableEnd(log) - 1; at >= log.low; at--) {
      const record = log.records.get(at)
      if (record) return record
    }
    return undefined
  }

  async *records(
    topic: string,
    partition: number,
    from: number,
    to: number,
  ): AsyncGenerator<readonly KafkaRecord[]> {
    const log = this.partition(topic, partition)
    for (let at = Math.max(from, log.low); at < Math.min(to, stableEnd(log)); at++) {
      const record = log.records.get(at)
      if (record) yield [record]
    }
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    const found = this.partitions(topic).map(({ records }, partition) => {
      const first = [...records.values()].find(record => record.timestampMs >= timestampMs)
      return [partition, first?.offset] as const
    })
    return new Map(found.filter((place): place is [number, number] => place[1] !== undefined))
  }

  async pieces(topic: string, from: ReadonlyMap<number, number>): Promise<LogPiece[]> {
    return this.partitions(topic).map((log, partition) => {
      const wanted = from.get(partition) ?? 0
      if (wanted > log.high) return { partition, records: [], next: wanted, end: log.high }
      const end = stableEnd(log)
      const start = Math.max(wanted, log.low)
      const next = Math.max(start, Math.min(end, start + PIECE_OFFSETS))
      const offsets = Array.from({ length: next - start }, (_, i) => start + i)
      const records = offsets.flatMap(offset => log.records.get(offset) ?? [])
      return { partition, records, next, end }
    })
  }

  partitions(topic: string): Partition[] {
    const partitions = this.#topics.get(topic)
    if (!partitions) throw new TopicMissing(topic)
    return partitions
  }

  partition(topic: string, partition: number): Partition {
    const log = this.partitions(topic)[partition]
    if (!log) throw new TopicMissing(topic, partition)
    return log
  }
}

/** A producer's transaction: its records, and all after them, are hidden until it ends. */
export class MemoryLogTransaction {
  readonly #log: MemoryTopicLog
  readonly #written: { partition: Partition; first: number; count: number }[] = []

  constructor(log: MemoryTopicLog) {
    this.#log = log
  }

  append(topic: string, partition: number, contents: readonly RecordContents[]): void {
    const first = this.#log.append(topic, partition, contents)
    const log = this.#log.partition(topic, partition)
    if (!log.open.has(this)) log.open.set(this, first)
    this.#written.push({ partition: log, first, count: contents.length })
  }

  commit(): void {
    this.#end()
  }

  abort(): void {
    for (const { partition, first, count } of this.#written) {
      for (let offset = first; offset < first + count; offset++) {
        partition.records.delete(offset)
        partition.unseen.add(offset)
      }
    }
    this.#end()
  }

  /** Each partition gets a marker, which takes an offset. */
  #end(): void {
    for (const partition of new Set(this.#written.map(each => each.partition))) {
      partition.open.delete(this)
      partition.unseen.add(partition.high++)
    }
    this.#written.length = 0
  }
}

/** The end of the log for `read_committed` readers. */
function stableEnd({ high, open }: Partition): number {
  return Math.min(high, ...open.values())
}
