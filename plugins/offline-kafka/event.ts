import type { KafkaMessage } from 'kafkajs'

/** A record as kafkajs hands it over; `batchContext` is not in its types. */
export type SourceRecord = Pick<KafkaMessage, 'key' | 'value' | 'timestamp' | 'offset' | 'headers'> & {
  batchContext?: { timestampType?: number }
}

/** A record of the event; a null key or value is left out, as Lambda does. */
export interface EventRecord {
  topic: string
  partition: number
  offset: number
  timestamp: number
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  key?: string
  value?: string
  headers: Record<string, number[]>[]
}

/** What Lambda gives to a function for a self-managed Kafka: https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html */
export interface KafkaEvent {
  eventSource: 'aws:SelfManagedKafka'
  bootstrapServers: string
  records: Record<string, EventRecord[]>
}

/** Records of one partition, in offset order. */
export interface PartitionRecords {
  partition: number
  records: readonly SourceRecord[]
}

const LOG_APPEND_TIME = 1

/** Builds a fresh event, so that a handler that changes its event does not change the next attempt's. */
export function toEvent(
  topic: string,
  bootstrapServers: readonly string[],
  slices: readonly PartitionRecords[],
): KafkaEvent {
  const records: Record<string, EventRecord[]> = {}
  for (const { partition, records: source } of slices) {
    records[`${topic}-${partition}`] = source.map(record => toEventRecord(topic, partition, record))
  }
  return { eventSource: 'aws:SelfManagedKafka', bootstrapServers: bootstrapServers.join(','), records }
}

function toEventRecord(topic: string, partition: number, record: SourceRecord): EventRecord {
  const { key, value } = record
  const event: EventRecord = {
    topic,
    partition,
    offset: Number(record.offset),
    timestamp: Number(record.timestamp),
    timestampType: record.batchContext?.timestampType === LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    key: key === null ? '' : key.toString('base64'),
    value: value === null ? '' : value.toString('base64'),
    headers: toHeaders(record.headers),
  }
  if (key === null) delete event.key
  if (value === null) delete event.value
  return event
}

/** One object per header, in the order of kafkajs, which puts headers of one name together; bytes are signed, as Lambda's are. */
function toHeaders(headers: SourceRecord['headers']): Record<string, number[]>[] {
  const list: Record<string, number[]>[] = []
  for (const name in headers) {
    const value = headers[name]
    for (const one of Array.isArray(value) ? value : [value]) {
      list.push({ [name]: one == null ? [] : signedBytes(one) })
    }
  }
  return list
}

function signedBytes(value: Buffer | string): number[] {
  return Array.from(new Int8Array(Buffer.from(value)))
}

const base64Length = (byteLength: number) => 4 * Math.ceil(byteLength / 3)

/** Bytes of the event's JSON around its records, without the lists of the partitions. */
export function envelopeBytes(bootstrapServers: readonly string[]): number {
  return Buffer.byteLength(JSON.stringify(toEvent('', bootstrapServers, [])))
}

/** Bytes that a partition adds to the event's JSON, besides its records: `"topic-0":[],`. */
export function listBytes(topic: string, partition: number): number {
  return JSON.stringify(`${topic}-${partition}`).length + 4
}

/** Counts the bytes of a record in the event's JSON, comma included, without building it. */
export function recordSizer(topic: string, partition: number): (record: SourceRecord) => number {
  const nothing: SourceRecord = { key: null, value: null, offset: '0', timestamp: '0', headers: {} }
  const fixed = JSON.stringify(toEventRecord(topic, partition, nothing)).length - 2 + ','.length
  return record => {
    let bytes = fixed + record.offset.length + record.timestamp.length
    if (record.batchContext?.timestampType === LOG_APPEND_TIME)
      bytes += 'LOG_APPEND_TIME'.length - 'CREATE_TIME'.length
    if (record.key !== null) bytes += ',"key":""'.length + base64Length(record.key.length)
    if (record.value !== null) bytes += ',"value":""'.length + base64Length(record.value.length)
    return hasHeaders(record) ? bytes + headerBytes(record.headers) : bytes
  }
}

function hasHeaders({ headers }: SourceRecord): boolean {
  for (const _ in headers) return true
  return false
}

function headerBytes(headers: SourceRecord['headers']): number {
  return Buffer.byteLength(JSON.stringify(toHeaders(headers))) - '[]'.length
}
