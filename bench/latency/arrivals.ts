import type { Consumer, Kafka } from 'kafkajs'
import { TIMEFRAMES, type TimeframeName } from '../../lib/market/timeframe.ts'

/** A candle as it came, and when. */
export interface Arrival {
  readonly timeframe: TimeframeName
  readonly symbol: string
  readonly dateTime: string
  readonly volume: number
  readonly closed: boolean
  readonly updatedAt: string
  readonly atMs: number
}

/** What a plain `read_committed` consumer gets from all candle topics from now on. */
export class Arrivals {
  readonly all: Arrival[] = []
  readonly #consumer: Consumer

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  static async listen(kafka: Kafka, topicPrefix: string): Promise<Arrivals> {
    // Kafka answers a fetch as soon as there is something; a short wait bounds what a missed wake-up costs.
    const consumer = kafka.consumer({ groupId: 'latency', readUncommitted: false, maxWaitTimeInMs: 50 })
    const arrivals = new Arrivals(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: TIMEFRAMES.map(({ name }) => topicPrefix + name) })
    const joined = new Promise<void>(resolve => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
    await consumer.run({
      eachBatch: async ({ batch }) => {
        const atMs = Date.now()
        for (const { value } of batch.messages) arrivals.all.push({ ...JSON.parse(String(value)), atMs })
      },
    })
    await joined
    return arrivals
  }

  stop(): Promise<void> {
    return this.#consumer.disconnect()
  }
}
