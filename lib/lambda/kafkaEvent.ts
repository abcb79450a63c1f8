import type { Headers, KafkaRecord, RecordBatch } from '../ports.ts'
import { BadRequest } from '../requests/request.ts'
import type { OffsetSpan } from '../tables/offsetVector.ts'

/** What Lambda's Kafka event source delivers. https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html */
export interface KafkaEvent {
  /** By `topic-partition`. */
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>
}

export interface KafkaEventRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key?: string | null
  readonly value?: string | null
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[]
}

const TAKES = 'records of a Kafka event source, such as events/ticks.kafka.json, or {"only": "minutes-rest"}'

/** The batches of an event, one a partition. Throws `BadRequest` for another event, and for offsets that are not numbers. */
export function recordBatches(event: unknown): RecordBatch[] {
  if (!isKafkaEvent(event)) {
    throw new BadRequest(TAKES, 'there are no lists of records')
  }
  const batches: OpenBatch[] = []
  let batch: OpenBatch | undefined
  for (const list of Object.values(event.records)) {
    for (const record of list) {
      if (!hasPlace(record)) {
        throw new BadRequest(
          TAKES,
          `partition, offset and timestamp of each record are numbers: ${placeOf(record)}`,
        )
      }
      if (batch?.topic !== record.topic || batch.partition !== record.partition) {
        batch = batchOf(batches, record)
      }
      batch.records.push(new DeliveredRecord(record))
    }
  }
  return batches
}

/** Where the records of an event lie: a span for each list of them, both ends included; none when it is no Kafka event. */
export function offsetSpans(event: unknown): (OffsetSpan & { topic: string; records: number })[] {
  if (!isKafkaEvent(event)) return []
  return Object.values(event.records).flatMap(list => {
    const [first, last] = [list[0], list.at(-1)]
    if (first === undefined || last === undefined) return []
    const { topic, partition, offset } = first
    return [{ topic, partition, from: offset, to: last.offset, records: list.length }]
  })
}

/** They become the table's vector: text there, and nobody could read it any more. */
function hasPlace({ partition, offset, timestamp }: KafkaEventRecord): boolean {
  return Number.isSafeInteger(partition) && Number.isSafeInteger(offset) && Number.isFinite(timestamp)
}

function placeOf({ partition, offset, timestamp }: KafkaEventRecord): string {
  return JSON.stringify({ partition, offset, timestamp })
}

interface OpenBatch extends RecordBatch {
  readonly records: KafkaRecord[]
}

/** The batch of the record's partition, begun when there is none. */
function batchOf(batches: OpenBatch[], { topic, partition }: KafkaEventRecord): OpenBatch {
  const known = batches.find(batch => batch.topic === topic && batch.partition === partition)
  if (known !== undefined) return known
  const begun = { topic, partition, records: [] }
  batches.push(begun)
  return begun
}

function isKafkaEvent(event: unknown): event is KafkaEvent {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
  return (
    isObject(event) &&
    'records' in event &&
    isObject(event.records) &&
    Object.values(event.records).every(list => Array.isArray(list) && list.every(isObject))
  )
}

/** A record as the event has it. It is decoded where it is looked at: of a good tick nobody asks the key. */
class DeliveredRecord implements KafkaRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly #delivered: KafkaEventRecord

  constructor(delivered: KafkaEventRecord) {
    this.offset = delivered.offset
    this.timestampMs = delivered.timestamp
    this.#delivered = delivered
  }

  get key(): Uint8Array | null {
    return bytesOf(this.#delivered.key)
  }

  get value(): Uint8Array | null {
    return bytesOf(this.#delivered.value)
  }

  get headers(): Headers {
    return headersOf(this.#delivered.headers ?? [])
  }
}

function bytesOf(base64: string | null | undefined): Uint8Array | null {
  return base64 == null ? null : Buffer.from(base64, 'base64')
}

/** Java's bytes are signed: −1 is 255. A name may stand more than once. */
function headersOf(headers: NonNullable<KafkaEventRecord['headers']>): Record<string, Uint8Array[]> {
  const byName = new Map<string, Uint8Array[]>()
  for (const [name, bytes] of headers.flatMap(header => Object.entries(header))) {
    byName.set(name, [...(byName.get(name) ?? []), Uint8Array.from(bytes)])
  }
  return Object.fromEntries(byName)
}
