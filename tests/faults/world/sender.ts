import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, {
  type CompressionTypes,
  type Kafka,
  type Message,
  type Producer,
  type RecordMetadata,
} from 'kafkajs'
import type { Random } from '../random.ts'
import { until } from '../until.ts'
import type { Sample, Samples } from './samples.ts'

/** The header in which the sender tells the oracle what a record must become. */
export const EXPECT_HEADER = 'faults.expect'
export const PARTITIONS = 4

/** What the stream sends at least, before it slows down until it is stopped. */
const LIVELY_PIECES = 12

/** Kafka may be away, and come back slowly. */
const TAKEN_WITHIN_MS = 180_000

const { None, GZIP, ZSTD } = kafkajs.CompressionTypes

/** A running stream of ticks. */
export interface Stream {
  /** Sends a last record to each partition; gives the offsets behind them: the ends of what can be read. */
  stop(): Promise<Map<number, number>>
}

/** Sends ticks, good and bad, in every way that Kafka knows; what fails is sent again until Kafka has it. */
export class Sender {
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #samples: Samples
  readonly #random: Random
  readonly #producers = new Map<'plain' | 'transactional', Producer>()
  #isClosed = false

  constructor(kafka: Kafka, topic: string, samples: Samples, random: Random) {
    this.#kafka = kafka
    this.#topic = topic
    this.#samples = samples
    this.#random = random
  }

  /** Sends pieces to random partitions until it is stopped. */
  start(): Stream {
    let isOn = true
    const sending = (async () => {
      for (let piece = 0; isOn && !this.#isClosed; piece++) {
        await this.#sendPiece()
        await sleep(piece < LIVELY_PIECES ? this.#random.int(10, 120) : 400)
      }
    })()
    sending.catch(() => undefined)
    return {
      stop: async () => {
        isOn = false
        await sending
        return this.#sendLast()
      },
    }
  }

  /** Sends so many records to a partition, at once and plainly; gives the offset of the first. */
  async send(partition: number, count: number): Promise<number> {
    const messages = Array.from({ length: count }, () => messageOf(this.#samples.next()))
    return this.#sent('plain', producer => this.#produce(producer, partition, messages, None))
  }

  /** Ends streams that a failed round left running, too. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const kind of this.#producers.keys()) await this.#drop(kind)
  }

  async #sendPiece(): Promise<void> {
    const partition = this.#random.int(0, PARTITIONS - 1)
    const messages = Array.from({ length: this.#random.int(1, 40) }, () => messageOf(this.#samples.next()))
    const way = this.#random.pick(['plain', 'plain', GZIP, ZSTD, 'committed', 'aborted'] as const)
    if (way === 'committed' || way === 'aborted') await this.#transact(way, partition, messages)
    else {
      const codec = way === 'plain' ? None : way
      await this.#sent('plain', producer => this.#produce(producer, partition, messages, codec))
    }
  }

  /** Each partition ends with a record that can be read; behind it there may be markers and aborted records. */
  async #sendLast(): Promise<Map<number, number>> {
    const ends = new Map<number, number>()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const last = [messageOf(this.#random.next() < 0.5 ? this.#samples.good() : this.#samples.bad())]
      const way = this.#random.pick(['plain', 'committed', 'aborted behind'] as const)
      const offset =
        way === 'committed'
          ? await this.#transact(way, partition, last)
          : await this.#sent('plain', producer => this.#produce(producer, partition, last, None))
      if (way === 'aborted behind') await this.#transact('aborted', partition, last)
      ends.set(partition, offset + 1)
    }
    return ends
  }

  /** A transaction whose records lie among plain ones. */
  #transact(end: 'committed' | 'aborted', partition: number, messages: Message[]): Promise<number> {
    const hidden = messages.map(message => ({
      ...message,
      headers: { ...message.headers, [EXPECT_HEADER]: 'nothing' },
    }))
    return this.#sent('transactional', async producer => {
      const transaction = await producer.transaction()
      const sent = await transaction.send({
        topic: this.#topic,
        messages: (end === 'committed' ? messages : hidden).map(message => ({ ...message, partition })),
      })
      await sleep(this.#random.int(0, 60))
      await (end === 'committed' ? transaction.commit() : transaction.abort())
      return firstOffset(sent)
    })
  }

  async #produce(producer: Producer, partition: number, messages: Message[], compression: CompressionTypes) {
    const placed = messages.map(message => ({ ...message, partition }))
    return firstOffset(await producer.send({ topic: this.#topic, messages: placed, compression, acks: -1 }))
  }

  /** Tries with a new producer after each failure: it ends what an older one of its transactional id left open. */
  async #sent(
    kind: 'plain' | 'transactional',
    send: (producer: Producer) => Promise<number>,
  ): Promise<number> {
    const sent = await until(
      'Kafka takes the ticks',
      async () => {
        try {
          return { offset: await send(await this.#producer(kind)) }
        } catch (error) {
          await this.#drop(kind)
          throw error
        }
      },
      TAKEN_WITHIN_MS,
    )
    return sent.offset
  }

  async #producer(kind: 'plain' | 'transactional'): Promise<Producer> {
    const known = this.#producers.get(kind)
    if (known) return known
    const transactional = { transactionalId: 'faults-sender', idempotent: true, maxInFlightRequests: 1 }
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      ...(kind === 'transactional' ? transactional : {}),
    })
    await producer.connect()
    this.#producers.set(kind, producer)
    return producer
  }

  async #drop(kind: 'plain' | 'transactional'): Promise<void> {
    const producer = this.#producers.get(kind)
    this.#producers.delete(kind)
    await producer?.disconnect().catch(() => undefined)
  }
}

function messageOf({ key, value, expect }: Sample): Message {
  return {
    key,
    value,
    timestamp: String(Date.now()),
    headers: { [EXPECT_HEADER]: expect, trace: `t-${expect}` },
  }
}

function firstOffset([sent]: RecordMetadata[]): number {
  if (sent?.baseOffset === undefined) throw new Error('Kafka did not say where the records are')
  return Number(sent.baseOffset)
}
