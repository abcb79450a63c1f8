import type { KafkaRecord, LogPiece, OffsetRange, TopicLog, TopicTail } from '../ports.ts'

/** A log whose code is loaded at its first use: most functions behind HTTP never ask Kafka, and start faster without it. */
export class LazyTopicLog implements TopicLog, TopicTail {
  readonly #load: () => Promise<TopicLog & TopicTail>

  constructor(load: () => Promise<TopicLog & TopicTail>) {
    this.#load = load
  }

  async topicId(topic: string): Promise<string | undefined> {
    return (await this.#load()).topicId(topic)
  }

  async groupOffsets(groupId: string, topic: string): Promise<Map<number, number>> {
    return (await this.#load()).groupOffsets(groupId, topic)
  }

  async offsets(topic: string): Promise<Map<number, OffsetRange>> {
    return (await this.#load()).offsets(topic)
  }

  async firstFrom(topic: string, partition: number, offset: number): Promise<KafkaRecord | undefined> {
    return (await this.#load()).firstFrom(topic, partition, offset)
  }

  async isCompacted(topic: string): Promise<boolean> {
    return (await this.#load()).isCompacted(topic)
  }

  async unseen(topic: string, partition: number, from: number, to: number): Promise<number[]> {
    return (await this.#load()).unseen(topic, partition, from, to)
  }

  async last(topic: string, partition: number): Promise<KafkaRecord | undefined> {
    return (await this.#load()).last(topic, partition)
  }

  async *records(
    topic: string,
    partition: number,
    from: number,
    to: number,
  ): AsyncGenerator<readonly KafkaRecord[]> {
    yield* (await this.#load()).records(topic, partition, from, to)
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    return (await this.#load()).offsetsAt(topic, timestampMs)
  }

  async pieces(topic: string, from: ReadonlyMap<number, number>): Promise<readonly LogPiece[]> {
    return (await this.#load()).pieces(topic, from)
  }
}
