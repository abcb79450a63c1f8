import type { IHeaders, TopicMessages } from 'kafkajs'
import type { Headers, KafkaRecord, OutgoingRecord } from '../ports.ts'
import type { PlacedMessage } from './partition.ts'

/** Bounds of one request. They also bound each record batch in it, which is what Kafka's limit is about. */
export interface RequestLimits {
  /** Of all records together; Kafka takes batches of 1,048,588 bytes unless a topic says otherwise. */
  maxBytes: number
  /** kafkajs groups the records of a request in quadratic time. */
  maxRecords: number
}

/** Room to Kafka's own limit for what surrounds the records of a batch. */
export const DEFAULT_LIMITS: RequestLimits = { maxBytes: 900_000, maxRecords: 2_000 }

/** Lengths, offset and timestamp that each record carries beside its contents, at their largest. */
const OVERHEAD_BYTES = 40

/** Cuts records into requests within the limits, in their order; a record above `maxBytes` goes alone. */
export function* requestsOf(
  records: readonly OutgoingRecord[],
  { maxBytes, maxRecords }: RequestLimits,
): Generator<OutgoingRecord[]> {
  let request: OutgoingRecord[] = []
  let bytes = 0
  for (const record of records) {
    const more = recordBytes(record)
    if (request.length > 0 && (bytes + more > maxBytes || request.length === maxRecords)) {
      yield request
      request = []
      bytes = 0
    }
    request.push(record)
    bytes += more
  }
  if (request.length > 0) yield request
}

/** The bytes a record takes in a request, rounded up. */
export function recordBytes({ key, value, headers = {} }: OutgoingRecord | KafkaRecord): number {
  const contents = [key, value, ...Object.entries(headers).flat(2)]
  return contents.reduce((sum, part) => sum + (part === null ? 0 : Buffer.byteLength(part)), OVERHEAD_BYTES)
}

/** Records in the form kafkajs sends, gathered by topic, each topic's in their order. */
export function topicMessages(records: readonly OutgoingRecord[]): TopicMessages[] {
  const byTopic = Map.groupBy(records, record => record.topic)
  return [...byTopic].map(([topic, ofTopic]) => ({ topic, messages: ofTopic.map(toMessage) }))
}

function toMessage(record: OutgoingRecord): PlacedMessage {
  const { partition, partitionKey, key, value, headers, timestampMs } = record
  return {
    key: key === null ? null : bufferOf(key),
    value: value === null ? null : bufferOf(value),
    ...(partition === undefined ? {} : { partition }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
    ...(headers === undefined ? {} : { headers: toHeaders(headers) }),
  }
}

function toHeaders(headers: Headers): IHeaders {
  const entries = Object.entries(headers).map(([name, given]) => [name, [given].flat().map(bufferOf)])
  return Object.fromEntries(entries)
}

/** The same bytes where there are bytes, not a copy. */
function bufferOf(content: Uint8Array | string): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}
