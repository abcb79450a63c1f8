import kafkajs, { type IHeaders, type Kafka, type Producer } from 'kafkajs'
import type { Mapping } from '../config/definition.ts'
import type { Log } from '../host.ts'
import type { Header } from '../records/recordFields.ts'
import type { SourceRecord } from '../records/records.ts'
import type { Work } from './retry.ts'

const KAFKA_SCHEME = 'kafka://'

/**
 * Where records go that are given up. A `kafka://topic` gets each record with its own key, bytes and headers, and headers
 * that say where it came from and why it failed; an ARN cannot be reached from here, so that only a line is logged.
 */
export class FailureDestination {
  readonly #kafka: Kafka
  readonly #mapping: Mapping
  readonly #log: Log
  #producer: Promise<Producer> | undefined

  constructor(kafka: Kafka, mapping: Mapping, log: Log) {
    this.#kafka = kafka
    this.#mapping = mapping
    this.#log = log
  }

  /** Resolves when every record is acknowledged; throws what kafkajs throws when Kafka does not take them. */
  async send({ slices, attempts }: Work, reason: string): Promise<void> {
    const { topic, functionKey, onFailureDestination } = this.#mapping
    if (onFailureDestination === undefined) return
    if (!onFailureDestination.startsWith(KAFKA_SCHEME)) {
      this.#log.warning(
        `${functionKey}: ${onFailureDestination} is not reachable locally; the records are skipped`,
      )
      return
    }
    const messages = slices.flatMap(({ partition, records }) =>
      records.map(record => ({
        key: record.key,
        value: record.value,
        headers: { ...grouped(record.headers), ...origin(record, topic, partition, attempts, reason) },
      })),
    )
    const producer = await this.#connected()
    await producer.send({ topic: onFailureDestination.slice(KAFKA_SCHEME.length), acks: -1, messages })
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.disconnect()
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect().catch(error => {
      this.#producer = undefined
      throw error
    })
    return this.#producer
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    return producer
  }
}

/** In kafkajs's shape, which has the values of one name together. */
function grouped(headers: readonly Header[]): IHeaders {
  const byName = Map.groupBy(headers, ({ name }) => name)
  return Object.fromEntries(
    [...byName].map(([name, list]) => [name, list.map(({ value }) => value ?? Buffer.alloc(0))]),
  )
}

function origin(record: SourceRecord, topic: string, partition: number, attempts: number, reason: string) {
  return {
    'failure-topic': topic,
    'failure-partition': String(partition),
    'failure-offset': String(record.offset),
    'failure-timestamp': String(record.timestampMs),
    'failure-attempts': String(attempts),
    'failure-reason': reason,
  }
}
