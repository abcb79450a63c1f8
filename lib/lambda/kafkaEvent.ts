import type { KafkaRecord, RecordBatch } from '../ports.ts'
import { BadRequest } from '../requests/request.ts'

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

/** The batches of an event, one a partition; keys and values decoded from base64. Throws `BadRequest` for another event. */
export function recordBatches(event: unknown): RecordBatch[] {
  if (!isKafkaEvent(event)) {
    throw new BadRequest('records of a Kafka event source are wanted, such as events/ticks.kafka.json')
  }
  const records = Object.values(event.records).flat()
  const logs = Map.groupBy(records, ({ topic, partition }) => JSON.stringify([topic, partition]))
  return [...logs.values()].map(ofOne => {
    const { topic, partition } = ofOne[0]!
    return { topic, partition, records: ofOne.map(recordOf) }
  })
}

function isKafkaEvent(event: unknown): event is KafkaEvent {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
  return (
    isObject(event) &&
    'records' in event &&
    isObject(event.records) &&
    Object.values(event.records).every(Array.isArray)
  )
}

function recordOf({ offset, timestamp, key, value, headers = [] }: KafkaEventRecord): KafkaRecord {
  return {
    offset,
    timestampMs: timestamp,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headersOf(headers),
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
