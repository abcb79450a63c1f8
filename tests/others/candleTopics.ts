import { randomUUID } from 'node:crypto'
import type { Consumer, Kafka } from 'kafkajs'
import { until } from '../faults/until.ts'
import { administer } from '../faults/world/kafka.ts'
import type { OracleCandle } from '../support/foldTicks.ts'

/** One message of a candle topic: a revision, or a tombstone. */
export interface CandleRecord {
  readonly topic: string
  readonly key: string
  readonly value: CandleValue | null
}

/** A candle as consumers of `candle_*` read it. */
export type CandleValue = Omit<OracleCandle, 'start'> & {
  readonly dateTime: string
  readonly closed: boolean
  readonly revision: number
}

/** Everything that was ever sent to the candle topics, as one plain `read_committed` consumer gets it. */
export class CandleTopics {
  /** In the order in which each partition has them. */
  readonly records: CandleRecord[] = []
  readonly #kafka: Kafka
  readonly #topics: readonly string[]
  readonly #reached = new Map<string, number>()
  #consumer: Consumer | undefined

  constructor(kafka: Kafka, topics: readonly string[]) {
    this.#kafka = kafka
    this.#topics = topics
  }

  /** Reads on to the present ends of all topics. */
  async readOn(): Promise<void> {
    this.#consumer ??= await this.#open()
    const ends = await administer(this.#kafka, 'the ends of the candle topics', async admin => {
      const found = new Map<string, number>()
      for (const topic of this.#topics)
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
          if (Number(high) > Number(low)) found.set(`${topic}/${partition}`, Number(high))
      return found
    })
    await until('the candle topics are read to their ends', () =>
      [...ends].every(([log, end]) => (this.#reached.get(log) ?? 0) >= end),
    )
  }

  async close(): Promise<void> {
    await this.#consumer?.disconnect()
  }

  async #open(): Promise<Consumer> {
    const consumer = this.#kafka.consumer({
      groupId: `others-${randomUUID()}`,
      readUncommitted: false,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
    })
    // Of a batch that holds nothing but markers and aborted records, this alone tells.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
      const log = `${topic}/${partition}`
      this.#reached.set(log, Math.max(Number(lastOffset) + 1, this.#reached.get(log) ?? 0))
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [...this.#topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        // A consumer that has to join again begins again.
        const next = this.#reached.get(`${topic}/${partition}`) ?? 0
        for (const { offset, key, value } of messages) {
          if (Number(offset) < next) continue
          const parsed = value === null ? null : JSON.parse(value.toString())
          this.records.push({ topic, key: String(key), value: parsed })
        }
      },
    })
    return consumer
  }
}
