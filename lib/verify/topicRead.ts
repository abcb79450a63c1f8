import type { Candle } from '../market/candle.ts'
import type { TopicLog } from '../ports.ts'
import { candleOf } from './candleText.ts'

/** Reads a candle topic from where it was read before to its end, all partitions; gives each message's candle. */
export class TopicRead {
  readonly #log: TopicLog
  readonly #topic: string
  readonly #next = new Map<number, number>()

  constructor(log: TopicLog, topic: string) {
    this.#log = log
    this.#topic = topic
  }

  /** Messages that are no candles come as undefined. */
  async *toEnd(): AsyncGenerator<Candle | undefined> {
    for (const [partition, { low, high }] of await this.#log.offsets(this.#topic)) {
      const from = this.#next.get(partition) ?? low
      for await (const records of this.#log.records(this.#topic, partition, from, high)) {
        for (const { value } of records) yield candleOf(value)
      }
      this.#next.set(partition, high)
    }
  }
}
