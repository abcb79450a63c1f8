import { readFileSync } from 'node:fs'

/*
 * Record batches as a Kafka 4.2 broker has stored them, of 800 records `key-(n mod 20)`, `{"n": n, "text": …}`,
 * made by Java's client 4.2, librdkafka 2.16 and kafka-python 3.0.
 * Layout: https://kafka.apache.org/documentation/#recordbatch: base offset 8, length 4, … , record count 4, then the records.
 */
const RECORDS_AT = 61
const LENGTH_AT = 8
const COUNT_AT = 57

/** The compressed part of a recorded batch. */
export function compressedRecords(client: string, codec: string): Buffer {
  const file = readFileSync(new URL(`./batches/${client}-${codec}.batches`, import.meta.url))
  const end = LENGTH_AT + 4 + file.readInt32BE(LENGTH_AT)
  if (end !== file.length || file.readInt32BE(COUNT_AT) !== 800)
    throw new Error('Not one batch of 800 records')
  return file.subarray(RECORDS_AT, end)
}

/** Values of inflated records: each is length, attributes 1, timestamp, offset, key, value, headers; numbers are zigzag varints. */
export function readBatches(records: Buffer): string[] {
  const values: string[] = []
  let at = 0
  const varint = () => {
    let number = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = records[at++]!
      number |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number((number >> 1n) ^ -(number & 1n))
    }
  }
  while (at < records.length) {
    const length = varint()
    const end = at + length
    at += 1
    varint()
    varint()
    const keyLength = varint()
    at += keyLength
    const valueLength = varint()
    values.push(records.toString('utf8', at, at + valueLength))
    at = end
  }
  return values
}
