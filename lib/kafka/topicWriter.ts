import type { Kafka, Producer } from 'kafkajs'
import type { TickhouseError } from '../errors.ts'
import type { OutgoingRecord, TopicWriter } from '../ports.ts'
import { isTooLarge, kafkaError, RecordTooLarge } from './errors.ts'
import { stablePartitioner } from './partition.ts'
import { DEFAULT_LIMITS, type RequestLimits, recordBytes, requestsOf, topicMessages } from './requests.ts'

/**
 * Writes through an idempotent producer (acks=all, no record twice by a retry of its own), connected at the first
 * use and kept until `close()`. A failed `send` leaves open which of its records were written.
 */
export class KafkaTopicWriter implements TopicWriter {
  readonly #kafka: Kafka
  readonly #limits: RequestLimits
  #producer: Promise<Producer> | undefined

  constructor(kafka: Kafka, limits: RequestLimits = DEFAULT_LIMITS) {
    this.#kafka = kafka
    this.#limits = limits
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    for (const request of requestsOf(records, this.#limits)) await this.#produce(request)
  }

  /** Ends the connections; the next `send` makes new ones. */
  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await (await producer?.catch(() => undefined))?.disconnect()
  }

  async #produce(request: OutgoingRecord[]): Promise<void> {
    this.#producer ??= this.#connect()
    const producer = this.#producer
    try {
      await (await producer).sendBatch({ acks: -1, topicMessages: topicMessages(request) })
    } catch (error) {
      // Kafka may have taken what kafkajs counts as not sent: the next batch would pass for a repetition of it.
      if (this.#producer === producer) await this.close()
      throw sendError(error, request)
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: stablePartitioner,
    })
    await producer.connect()
    return producer
  }
}

/** Names what could not be sent: its topics, or the record that is too large for one. */
export function sendError(error: unknown, request: readonly OutgoingRecord[]): TickhouseError {
  if (isTooLarge(error)) {
    const largest = request.reduce((a, b) => (recordBytes(b) > recordBytes(a) ? b : a))
    return new RecordTooLarge(largest.topic, recordBytes(largest), error)
  }
  const topics = [...new Set(request.map(record => record.topic))]
  const doing = `sending ${request.length} records to ${topics.join(', ')}`
  return kafkaError(error, doing, topics.join(' or '))
}
