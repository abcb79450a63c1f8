import type { Consumer, Kafka } from 'kafkajs'
import { TIMEFRAMES, type TimeframeName } from '../../lib/market/timeframe.ts'

/** A candle as it came, and when. */
export interface Arrival {
  readonly timeframe: TimeframeName
  readonly source: string
  readonly symbol: string
  readonly dateTime: string
  readonly volume: number
  readonly closed: boolean
  readonly updatedAt: string
  readonly atMs: number
}

/** Told by a message's topic and key alone whether its candle is kept; `startMs` is the start of its bucket. */
export type IsWanted = (timeframe: string, startMs: number) => boolean

/** What a plain `read_committed` consumer gets from all candle topics from now on. */
export class Arrivals {
  readonly all: Arrival[] = []
  readonly #consumer: Consumer

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  /** Of a flood most candles are unwanted: their messages are not even parsed. */
  static async listen(kafka: Kafka, topicPrefix: string, isWanted: IsWanted = () => true): Promise<Arrivals> {
    // Kafka answers a fetch as soon as there is something; a short wait bounds what a missed wake-up costs.
    const consumer = kafka.consumer({ groupId: 'latency', readUncommitted: false, maxWaitTimeInMs: 50 })
    const arrivals = new Arrivals(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: TIMEFRAMES.map(({ name }) => topicPrefix + name) })
    const joined = new Promise<void>(resolve => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
    await consumer.run({
      eachBatch: async ({ batch }) => {
        const atMs = Date.now()
        const timeframe = batch.topic.slice(topicPrefix.length)
        for (const { key, value } of batch.messages) {
          // A removed candle has none.
          if (value === null || !isWanted(timeframe, startOf(key))) continue
          arrivals.all.push({ ...JSON.parse(String(value)), atMs })
        }
      },
    })
    await joined
    return arrivals
  }

  stop(): Promise<void> {
    return this.#consumer.disconnect()
  }
}

/** Of a candle's key, `[source, symbol, dateTime]`. */
function startOf(key: Buffer | null): number {
  return startMs((JSON.parse(String(key)) as readonly string[])[2]!)
}

/** Of `2025-03-20T14:31:00.000000Z`, milliseconds since 1970. */
function startMs(dateTime: string): number {
  return Date.parse(`${dateTime.slice(0, 19)}Z`)
}
