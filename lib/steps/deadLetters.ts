import type { Headers, OutgoingRecord } from '../ports.ts'
import type { BadRecord } from './decodeBatch.ts'

/** Where a dead letter was found. */
export interface Place {
  readonly topic: string
  readonly epoch: number
  readonly partition: number
}

/**
 * The record as it came (key, bytes and headers untouched), with headers that say where it lay and why it is no tick.
 * Delivered at least once: topic, epoch, partition and offset identify it.
 */
export function deadLetter(topic: string, place: Place, { record, reason }: BadRecord): OutgoingRecord {
  const added: Headers = {
    'tickhouse.topic': place.topic,
    'tickhouse.epoch': String(place.epoch),
    'tickhouse.partition': String(place.partition),
    'tickhouse.offset': String(record.offset),
    'tickhouse.timestamp': String(record.timestampMs),
    'tickhouse.reason': reason,
  }
  return { topic, key: record.key, value: record.value, headers: { ...record.headers, ...added } }
}
