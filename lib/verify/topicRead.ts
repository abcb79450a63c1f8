import type { Candle, CandleKey } from '../market/candle.ts'
import type { KafkaRecord, TopicLog } from '../ports.ts'
import { candleOf, keyOf } from './candleText.ts'

/** What a message says of a candle. */
export interface Message {
  readonly key: CandleKey
  /** Undefined for a tombstone: the candle is gone. */
  readonly candle: Candle | undefined
}

/** Reads a candle topic from where it was read before to its end, all partitions. */
export class TopicRead {
  readonly #log: TopicLog
  readonly #topic: string
  readonly #timeframe: string
  readonly #next = new Map<number, number>()

  constructor(log: TopicLog, prefix: string, timeframe: string) {
    this.#log = log
    this.#topic = prefix + timeframe
    this.#timeframe = timeframe
  }

  /** Messages that are of no candle come as undefined. */
  async *toEnd(): AsyncGenerator<Message | undefined> {
    for (const [partition, { low, high }] of await this.#log.offsets(this.#topic)) {
      const from = this.#next.get(partition) ?? low
      for await (const records of this.#log.records(this.#topic, partition, from, high)) {
        for (const record of records) yield this.#messageOf(record)
      }
      this.#next.set(partition, high)
    }
  }

  #messageOf({ key: name, value }: KafkaRecord): Message | undefined {
    if (value === null) {
      const key = keyOf(name, this.#timeframe)
      return key && { key, candle: undefined }
    }
    const candle = candleOf(value)
    return candle && { key: candle, candle }
  }
}
