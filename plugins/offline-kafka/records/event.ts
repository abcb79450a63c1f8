import type { RecordFields } from './recordFields.ts'

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

/** An event without records. */
export function emptyEvent(bootstrapServers: readonly string[]): KafkaEvent {
  return { eventSource: 'aws:SelfManagedKafka', bootstrapServers: bootstrapServers.join(','), records: {} }
}

/** Makes the event's record of the one that `fields` was moved to, in `bytes`. */
export function toEventRecord(
  bytes: Buffer,
  fields: RecordFields,
  topic: string,
  partition: number,
  offset: number,
  timestamp: number,
  isLogAppendTime: boolean,
): EventRecord {
  const { keyStart, keyLength, valueStart, valueLength } = fields
  const record: EventRecord = {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: isLogAppendTime ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    key: keyLength > 0 ? bytes.toString('base64', keyStart, keyStart + keyLength) : '',
    value: valueLength > 0 ? bytes.toString('base64', valueStart, valueStart + valueLength) : '',
    headers: fields.headerCount > 0 ? eventHeaders(fields) : [],
  }
  if (keyLength < 0) delete record.key
  if (valueLength < 0) delete record.value
  return record
}

/** One object per header, in the producer's order; bytes are signed, as Java's are. */
function eventHeaders(fields: RecordFields): Record<string, number[]>[] {
  return fields.headers().map(({ name, value }) => ({ [name]: Array.from(new Int8Array(value ?? [])) }))
}

const FRAME = `{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"CREATE_TIME","headers":[]},`
const LONGER_TIMESTAMP_TYPE = 'LOG_APPEND_TIME'.length - 'CREATE_TIME'.length

/** Bytes of the event's JSON around its records, without the lists of the partitions. */
export function envelopeBytes(bootstrapServers: readonly string[]): number {
  return Buffer.byteLength(JSON.stringify(emptyEvent(bootstrapServers)))
}

/** Bytes that a partition adds to the event's JSON, besides its records: `"topic-0":[],`. */
export function listBytes(topic: string, partition: number): number {
  return JSON.stringify(`${topic}-${partition}`).length + 4
}

/** Bytes that a record adds to the event's JSON besides its own contents, comma included. */
export function frameBytes(topic: string, partition: number): number {
  return FRAME.length + JSON.stringify(topic).length - 2 + digits(partition)
}

/** Bytes that the contents of the record at `fields` take in the event's JSON. */
export function recordJsonBytes(
  fields: RecordFields,
  offset: number,
  timestampMs: number,
  isLogAppendTime: boolean,
): number {
  let bytes = digits(offset) + digits(timestampMs)
  if (isLogAppendTime) bytes += LONGER_TIMESTAMP_TYPE
  if (fields.keyLength >= 0) bytes += ',"key":""'.length + base64Length(fields.keyLength)
  if (fields.valueLength >= 0) bytes += ',"value":""'.length + base64Length(fields.valueLength)
  if (fields.headerCount > 0) bytes += Buffer.byteLength(JSON.stringify(eventHeaders(fields))) - '[]'.length
  return bytes
}

const base64Length = (byteLength: number) => 4 * Math.ceil(byteLength / 3)

/** Of an integer as text, its sign included. */
function digits(integer: number): number {
  let count = integer < 0 ? 2 : 1
  for (let limit = 10; Math.abs(integer) >= limit; limit *= 10) count++
  return count
}
