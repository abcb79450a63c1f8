import type { Kafka, Producer } from 'kafkajs'
import type { TickhouseError } from '../errors.ts'
import type { OutgoingRecord } from '../ports.ts'
import { Fenced, isFenced, kafkaError, TransactionNotOpen, TransactionTimedOut } from './errors.ts'
import { stablePartitioner } from './partition.ts'
import { DEFAULT_LIMITS, type RequestLimits, requestsOf, topicMessages } from './requests.ts'
import { sendError } from './topicWriter.ts'

/** Writes in transactions under one id, which has one user at a time: the newest that opened. */
export interface TransactionalWriter {
  /**
   * Fences every older user of the id and ends its transaction: one that it left open is aborted, one that it
   * committed is wholly visible from here on.
   */
  open(): Promise<void>
  /**
   * Sends records that `read_committed` readers see all together or never. As long as it succeeds, nobody else has
   * sent under the id since `open`. `Fenced` when a newer user has opened; after other errors it is unknown whether the
   * records are visible. After any error only `open` goes on; without it, `TransactionNotOpen`.
   */
  send(records: readonly OutgoingRecord[]): Promise<void>
  /** Ends the connections. */
  close(): Promise<void>
}

/** What tells a writer from others, and what bounds its transactions. */
export interface TransactionOptions {
  transactionalId: string
  /** How long a transaction whose writer died may hold readers up, beside the broker's own interval of 10 s. */
  timeoutMs?: number
  limits?: RequestLimits
}

/** Kafka refuses a transaction while the one before it is still being ended, for some milliseconds. */
const RETRY = { initialRetryTime: 10, maxRetryTime: 2_000, retries: 10 }

/** A producer that is made anew at every `open`, and dropped at any error: one that lost an answer stays unusable. */
export class KafkaTransactionalWriter implements TransactionalWriter {
  readonly #kafka: Kafka
  readonly #options: Required<TransactionOptions>
  #opened: Producer | undefined

  constructor(
    kafka: Kafka,
    { transactionalId, timeoutMs = 10_000, limits = DEFAULT_LIMITS }: TransactionOptions,
  ) {
    this.#kafka = kafka
    this.#options = { transactionalId, timeoutMs, limits }
  }

  async open(): Promise<void> {
    await this.close()
    const { transactionalId, timeoutMs } = this.#options
    const producer = this.#kafka.producer({
      transactionalId,
      transactionTimeout: timeoutMs,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: stablePartitioner,
      retry: RETRY,
    })
    try {
      await producer.connect()
      // kafkajs initialises a producer, which is what fences, at its first transaction; an empty one tells Kafka no more.
      const empty = await producer.transaction()
      await empty.abort()
    } catch (error) {
      await disconnect(producer)
      if (isFenced(error)) throw new Fenced(transactionalId, error)
      throw kafkaError(error, `opening the transactions of ${transactionalId}`)
    }
    this.#opened = producer
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const producer = this.#opened
    if (!producer) throw new TransactionNotOpen(this.#options.transactionalId)
    const startedMs = performance.now()
    try {
      await this.#transact(producer, records)
    } catch (error) {
      await this.close()
      throw isFenced(error) ? this.#fenced(performance.now() - startedMs, error) : error
    }
  }

  async close(): Promise<void> {
    const producer = this.#opened
    this.#opened = undefined
    if (producer) await disconnect(producer)
  }

  /** What fails half-way is not aborted here: the next `open` does that, or the transaction's timeout. */
  async #transact(producer: Producer, records: readonly OutgoingRecord[]): Promise<void> {
    const { transactionalId, limits } = this.#options
    const transaction = await producer.transaction()
    for (const request of requestsOf(records, limits)) {
      await transaction.sendBatch({ acks: -1, topicMessages: topicMessages(request) }).catch(error => {
        throw sendError(error, request)
      })
    }
    await transaction.commit().catch(error => {
      throw kafkaError(error, `committing a transaction of ${transactionalId}`)
    })
  }

  /** A broker that gave the transaction up answers as if a newer user had come. */
  #fenced(tookMs: number, cause: unknown): TickhouseError {
    const { transactionalId, timeoutMs } = this.#options
    return tookMs < timeoutMs
      ? new Fenced(transactionalId, cause)
      : new TransactionTimedOut(transactionalId, timeoutMs, cause)
  }
}

/** Lets go of a producer that may be broken already. */
async function disconnect(producer: Producer): Promise<void> {
  await producer.disconnect().catch(() => {})
}
