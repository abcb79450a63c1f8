import { readFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRecordSet } from '../../records/recordSet.ts'
import type { RecordBatch } from '../../records/records.ts'
import { encodeBatch, type Head } from '../support/recordSets.ts'

const TRANSACTIONAL = 0x10
const CONTROL = 0x20

const texts = (...list: string[]) => list.map(text => ({ key: null, value: Buffer.from(text) }))
const marker = (type: 0 | 1, head: Head) =>
  encodeBatch([{ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) }], {
    attributes: TRANSACTIONAL | CONTROL,
    ...head,
  })
const seen = (batches: readonly RecordBatch[]) =>
  batches.flatMap(one =>
    Array.from({ length: one.length }, (_, i) => `${one.offset(i)}:${one.at(i).value?.toString()}`),
  )

describe('readRecordSet', () => {
  it('reads 3 batches and leaves the fourth, which is cut off, for the next fetch', () => {
    const set = Buffer.concat([
      encodeBatch(texts('a', 'b'), { baseOffset: 5 }),
      encodeBatch(texts('c'), { baseOffset: 7 }),
      encodeBatch(texts('d'), { baseOffset: 8 }),
      encodeBatch(texts('e'), { baseOffset: 9 }).subarray(0, 65),
    ])
    const { batches, nextOffset } = readRecordSet(set, [], 5)
    expect(seen(batches)).toEqual(['5:a', '6:b', '7:c', '8:d'])
    expect(nextOffset).toBe(9)
  })

  it('drops the 2 records of a batch that lie below the offset asked for', () => {
    const { batches, nextOffset } = readRecordSet(encodeBatch(texts('a', 'b', 'c'), { baseOffset: 5 }), [], 7)
    expect(seen(batches)).toEqual(['7:c'])
    expect(nextOffset).toBe(8)
  })

  it('goes on after the gaps that compaction has left, also where a batch holds no record any more', () => {
    const set = Buffer.concat([
      encodeBatch(texts('a', 'b'), { baseOffset: 10, offsetDeltas: [1, 4], lastOffsetDelta: 6 }),
      encodeBatch([], { baseOffset: 17, lastOffsetDelta: 2 }),
    ])
    const { batches, nextOffset } = readRecordSet(set, [], 10)
    expect(seen(batches)).toEqual(['11:a', '14:b'])
    expect(nextOffset).toBe(20)
  })

  it('hides an aborted transaction and all markers, of 2 producers whose batches alternate', () => {
    const of = (producerId: bigint, baseOffset: number) => ({
      producerId,
      baseOffset,
      attributes: TRANSACTIONAL,
    })
    const set = Buffer.concat([
      encodeBatch(texts('kept'), of(1n, 0)),
      encodeBatch(texts('aborted'), of(2n, 1)),
      encodeBatch(texts('kept'), of(1n, 2)),
      marker(1, { producerId: 1n, baseOffset: 3 }),
      encodeBatch(texts('no transaction'), { producerId: 2n, baseOffset: 4 }),
      encodeBatch(texts('aborted'), of(2n, 5)),
      marker(0, { producerId: 2n, baseOffset: 6 }),
      encodeBatch(texts('kept'), of(2n, 7)),
      marker(1, { producerId: 2n, baseOffset: 8 }),
      encodeBatch(texts('aborted'), of(1n, 9)),
    ])
    const aborted = [
      { producerId: 1n, firstOffset: 9 },
      { producerId: 2n, firstOffset: 1 },
    ]
    const { batches, nextOffset } = readRecordSet(set, aborted, 0)
    expect(seen(batches)).toEqual(['0:kept', '2:kept', '4:no transaction', '7:kept'])
    expect(nextOffset).toBe(10)
  })

  it("takes the batch's latest time for records whose time the broker sets", () => {
    const [batch] = readRecordSet(
      encodeBatch(texts('a', 'b'), { attributes: 8, maxTimestampMs: 99 }),
      [],
      0,
    ).batches
    expect([batch!.isLogAppendTime, batch!.timestampMs(0), batch!.timestampMs(1)]).toEqual([true, 99, 99])
  })

  it.each([-(10n ** 17n) - 3n, -(2n ** 63n) + 2n ** 42n, 1_772_366_410n * 10n ** 9n + 1n])(
    'reads the times of 100 records beside one of %d as they were sent',
    wrong => {
      const timesMs = [Number(wrong), ...Array.from({ length: 100 }, (_, i) => 1_772_366_410_001 + i)]
      for (const baseTimestampMs of [wrong, BigInt(timesMs[1]!)]) {
        const contents = timesMs.map(timestampMs => ({ key: null, value: null, timestampMs }))
        const [batch] = readRecordSet(encodeBatch(contents, { baseTimestampMs }), [], 0).batches
        expect(timesMs.map((_, i) => batch!.timestampMs(i))).toEqual(timesMs)
      }
    },
  )

  it.each([
    ['gzip', 1, gzipSync],
    ['zstd', 4, zstdCompressSync],
  ] as const)('inflates %s', (_, attributes, compress) => {
    const { batches } = readRecordSet(encodeBatch(texts('a', 'b'), { attributes, compress }), [], 0)
    expect(seen(batches)).toEqual(['0:a', '1:b'])
  })

  const recorded = ['java', 'librdkafka', 'kafkapython'].flatMap(client =>
    ['snappy', 'lz4', 'zstd'].map(codec => [client, codec]),
  )
  it.each(recorded)('reads the 800 records that %s has compressed with %s', (client, codec) => {
    const set = readFileSync(new URL(`../support/batches/${client}-${codec}.batches`, import.meta.url))
    const { batches } = readRecordSet(set, [], 0)
    expect(batches[0]!.length).toBe(800)
    for (let i = 0; i < 800; i++) {
      expect(batches[0]!.at(i).value!.toString()).toContain(`{"n":${i},"text":"the quick brown fox`)
    }
  })

  it('refuses a batch in a format of before Kafka 0.11, an unknown codec, and one that lies about its records', () => {
    const old = encodeBatch(texts('a'))
    old[16] = 1
    expect(() => readRecordSet(old, [], 0)).toThrow('message format 1')
    expect(() => readRecordSet(encodeBatch(texts('a'), { attributes: 7 }), [], 0)).toThrow('Codec 7')
    expect(() => readRecordSet(encodeBatch(texts('a'), { attributes: 1 }), [], 0)).toThrow(
      expect.objectContaining({ code: 'CODEC_FAILED' }),
    )
    const lying = encodeBatch(texts('a'))
    lying.writeInt32BE(2, 57)
    expect(() => readRecordSet(lying, [], 0)).toThrow(expect.objectContaining({ code: 'UNREADABLE_BATCH' }))
  })

  it('reads what lies behind a batch that cannot be read, once the records up to its end are deleted', () => {
    const bad = encodeBatch(texts('a', 'b'), { attributes: 1, baseOffset: 5 })
    const old = encodeBatch(texts('c'), { baseOffset: 7 })
    old[16] = 1
    const rest = encodeBatch(texts('d'), { baseOffset: 8 })
    expect(() => readRecordSet(Buffer.concat([bad, old, rest]), [], 5)).toThrow(
      expect.objectContaining({ code: 'CODEC_FAILED' }),
    )
    expect(() => readRecordSet(Buffer.concat([old, rest]), [], 7)).toThrow(
      expect.objectContaining({ code: 'UNREADABLE_BATCH' }),
    )
    expect(seen(readRecordSet(rest, [], 8).batches)).toEqual(['8:d'])
  })

  it('gives back key, value, headers, offset and time of any record, up to 2^53', () => {
    const bytes = fc.option(
      fc.uint8Array({ maxLength: 100 }).map(array => Buffer.from(array)),
      { nil: null },
    )
    const content = fc.record({
      key: bytes,
      value: bytes,
      headers: fc.array(fc.record({ name: fc.string({ unit: 'binary' }), value: bytes }), { maxLength: 3 }),
      timestampMs: fc.integer({ min: -1, max: 2 ** 50 }),
    })
    const offsets = fc.nat(Number.MAX_SAFE_INTEGER - 100)
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 3 }), offsets, (contents, baseOffset) => {
        const { batches, nextOffset } = readRecordSet(encodeBatch(contents, { baseOffset }), [], 0)
        expect(nextOffset).toBe(baseOffset + contents.length)
        for (const [i, given] of contents.entries()) {
          const { key, value, headers, timestampMs, offset } = batches[0]!.at(i)
          expect(JSON.stringify({ key, value, headers, timestampMs })).toBe(JSON.stringify(given))
          expect(offset).toBe(baseOffset + i)
        }
      }),
      { numRuns: 50 },
    )
  })
})
