import type { Kafka, KafkaMessage } from 'kafkajs'
import { type Offsets, rangesOf, readTopic } from '../world/kafka.ts'
import { EXPECT_HEADER } from '../world/sender.ts'
import type { LoggedRecord } from './expectedRow.ts'
import type { Letter } from './judge.ts'

/** All that ever lay on the ticks topic and on the dead-letter topic, copied before any harm could take it away. */
export class LogCopy {
  readonly records: LoggedRecord[] = []
  readonly letters: Letter[] = []
  /** Offsets that retention took before they were read. */
  lost = 0
  epoch = 0
  readonly #kafka: Kafka
  readonly #topics: { readonly ticks: string; readonly deadLetters: string }
  #ticksRead: Offsets = new Map()
  #lettersRead: Offsets = new Map()

  constructor(kafka: Kafka, topics: { readonly ticks: string; readonly deadLetters: string }) {
    this.#kafka = kafka
    this.#topics = topics
  }

  /** How far the ticks topic was copied in its present epoch. */
  get position(): Offsets {
    return this.#ticksRead
  }

  /** Reads on to these offsets of the ticks topic, and all dead letters; gives the records that are new. */
  async readOn(ends: Offsets): Promise<LoggedRecord[]> {
    const read = await readTopic(this.#kafka, this.#topics.ticks, this.#ticksRead, ends)
    const fresh = read.map(({ partition, offset, message }) => this.#logged(partition, offset, message))
    this.records.push(...fresh)
    this.#ticksRead = new Map(ends)
    const ranges = await rangesOf(this.#kafka, this.#topics.deadLetters)
    const letterEnds = new Map([...ranges].map(([partition, { high }]) => [partition, high]))
    const letters = await readTopic(this.#kafka, this.#topics.deadLetters, this.#lettersRead, letterEnds)
    this.letters.push(...letters.map(({ message }) => letterOf(message)))
    this.#lettersRead = letterEnds
    return fresh
  }

  /** The ticks topic was deleted and made anew. */
  beginEpoch(): void {
    this.epoch += 1
    this.#ticksRead = new Map()
  }

  /** The dead-letter topic was deleted and made anew. */
  forgetLetterOffsets(): void {
    this.#lettersRead = new Map()
  }

  #logged(partition: number, offset: number, message: KafkaMessage): LoggedRecord {
    const { key, value, headers } = letterOf(message)
    const timestampMs = Number(message.timestamp)
    const expect = headers[EXPECT_HEADER] ?? 'nothing'
    return { epoch: this.epoch, partition, offset, timestampMs, expect, key, value, headers }
  }
}

function letterOf({ key, value, headers = {} }: KafkaMessage): Letter {
  const texts = Object.entries(headers).map(([name, text]) => [name, String(text)])
  return { key, value, headers: Object.fromEntries(texts) }
}
