import type { Headers, OutgoingRecord } from '../ports.ts'
import type { BadRecord } from './decodeBatch.ts'

/**
 * A source topic bounds what a batch has when compressed, so a record in it may be far larger. The dead-letter topic takes
 * values up to this; of a larger one the letter says the length, and the source topic still has it.
 */
export const DEAD_LETTER_MAX_VALUE_BYTES = 16_000_000

/** The topic on which a dead letter was found, and which of the topics of that name. */
export interface Place {
  readonly topic: string
  readonly epoch: number
}

/**
 * The record as it came (key, bytes and headers untouched), with headers that say where it lay and why it is no tick.
 * Delivered at least once: topic, epoch, partition and offset identify it.
 */
export function deadLetter(
  topic: string,
  place: Place,
  { partition, record, reason }: BadRecord,
): OutgoingRecord {
  const added: Headers = {
    'tickhouse.topic': place.topic,
    'tickhouse.epoch': String(place.epoch),
    'tickhouse.partition': String(partition),
    'tickhouse.offset': String(record.offset),
    'tickhouse.timestamp': String(record.timestampMs),
    'tickhouse.reason': reason,
  }
  const headers = { ...record.headers, ...added }
  const bytes = record.value?.length ?? 0
  return bytes <= DEAD_LETTER_MAX_VALUE_BYTES
    ? { topic, key: record.key, value: record.value, headers }
    : { topic, key: record.key, value: null, headers: { ...headers, 'tickhouse.value-bytes': String(bytes) } }
}
