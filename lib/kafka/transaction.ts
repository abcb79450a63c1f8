import type { Kafka, Producer, Transaction } from 'kafkajs'
import type { TickhouseError } from '../errors.ts'
import type { OutgoingRecord } from '../ports.ts'
import { Fenced, isFenced, kafkaError, TransactionNotOpen } from './errors.ts'
import { stablePartitioner } from './partition.ts'
import { DEFAULT_LIMITS, type RequestLimits, requestsOf, topicMessages } from './requests.ts'
import { sendError } from './topicWriter.ts'

/** Records that `read_committed` readers see all together after `commit`, or never. */
export interface RecordTransaction {
  /**
   * Begins a transaction and fences every older user of the same id; one that was left open is aborted, one that was
   * committed is wholly visible from here on.
   */
  open(): Promise<void>
  /** Sends in bounded requests. `Fenced` when a newer user has opened; after any error only `open` goes on. */
  send(records: readonly OutgoingRecord[]): Promise<void>
  /** After an error it is unknown whether the records are visible: open again and look. */
  commit(): Promise<void>
  /** Gives up what was sent. Never fails: what Kafka could not be told ends at the next `open` or by timeout. */
  abort(): Promise<void>
  /** Ends the connections, giving up what is open. */
  close(): Promise<void>
}

/** What tells a transaction from others, and what bounds it. */
export interface TransactionOptions {
  transactionalId: string
  /** After this long without a commit the broker itself aborts. */
  timeoutMs?: number
  limits?: RequestLimits
}

interface Opened {
  producer: Producer
  transaction: Transaction
}

/**
 * A transaction on a producer that is made anew at every `open`: kafkajs initialises a producer, which is what
 * fences, only once, and one that lost an answer stays unusable.
 */
export class KafkaTransaction implements RecordTransaction {
  readonly #kafka: Kafka
  readonly #options: Required<TransactionOptions>
  #opened: Opened | undefined

  constructor(
    kafka: Kafka,
    { transactionalId, timeoutMs = 30_000, limits = DEFAULT_LIMITS }: TransactionOptions,
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
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: stablePartitioner,
    })
    try {
      await producer.connect()
      this.#opened = { producer, transaction: await producer.transaction() }
    } catch (error) {
      await disconnect(producer)
      throw this.#failure(error, kafkaError(error, `opening the transaction of ${transactionalId}`))
    }
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const { transaction } = this.#current()
    for (const request of requestsOf(records, this.#options.limits)) {
      try {
        await transaction.sendBatch({ acks: -1, topicMessages: topicMessages(request) })
      } catch (error) {
        await this.close()
        throw this.#failure(error, sendError(error, request))
      }
    }
  }

  async commit(): Promise<void> {
    const { transaction } = this.#current()
    try {
      await transaction.commit()
    } catch (error) {
      const { transactionalId } = this.#options
      throw this.#failure(error, kafkaError(error, `committing the transaction of ${transactionalId}`))
    } finally {
      await this.close()
    }
  }

  async abort(): Promise<void> {
    await this.#opened?.transaction.abort().catch(() => {})
    await this.close()
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened) await disconnect(opened.producer)
  }

  #current(): Opened {
    if (this.#opened) return this.#opened
    throw new TransactionNotOpen(this.#options.transactionalId)
  }

  #failure(error: unknown, otherwise: TickhouseError): TickhouseError {
    return isFenced(error) ? new Fenced(this.#options.transactionalId, error) : otherwise
  }
}

/** Lets go of a producer that may be broken already. */
async function disconnect(producer: Producer): Promise<void> {
  await producer.disconnect().catch(() => {})
}
