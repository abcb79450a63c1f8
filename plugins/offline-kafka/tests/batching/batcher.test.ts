import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Batcher, type BatchLimits, type Slice } from '../../batching/batcher.ts'
import { pack, unpack } from '../../invoking/parcel.ts'
import { envelopeBytes, frameBytes, listBytes } from '../../records/event.ts'
import { batchOf, type Content } from '../support/recordSets.ts'
import { batch, range } from '../support/records.ts'

const SERVERS = ['a:9092']
const anyPartition = () => true

const batcher = (limits: Partial<BatchLimits> = {}) =>
  new Batcher({
    batchSize: 100,
    windowMs: 500,
    payloadBytes: 6_000_000,
    envelopeBytes: envelopeBytes(SERVERS),
    listBytes: partition => listBytes('t', partition),
    frameBytes: partition => frameBytes('t', partition),
    ...limits,
  })

const event = (slices: Slice[]) => unpack(pack('t', SERVERS, slices, new SharedArrayBuffer(0)))

describe('Batcher', () => {
  it('is due 500 ms after the oldest record of all partitions', () => {
    const two = batcher()
    two.add(1, [batch(0, 1)], 1, 1000)
    two.add(0, [batch(0, 1)], 1, 900)
    expect(two.dueAtMs(anyPartition)).toBe(1400)
    expect(two.dueAtMs(partition => partition === 1)).toBe(1500)
    expect(two.dueAtMs(() => false)).toBeUndefined()
  })

  it('is due at once when 2 partitions hold 5 records together', () => {
    const full = batcher({ batchSize: 5 })
    full.add(0, [batch(0, 3)], 3, 0)
    expect(full.dueAtMs(anyPartition)).toBe(500)
    full.add(1, [batch(0, 2)], 2, 0)
    expect(full.dueAtMs(anyPartition)).toBe(Number.NEGATIVE_INFINITY)
  })

  it('takes from the partition that waits longest first, then from the others, up to 5 records', () => {
    const mixed = batcher({ batchSize: 5 })
    mixed.add(0, [batch(0, 3)], 3, 20)
    mixed.add(1, [batch(10, 12), batch(12, 14)], 14, 10)
    const taken = mixed.take(anyPartition)
    expect(taken.map(one => [range(one), one.nextOffset])).toEqual([
      ['1:10-13', 14],
      ['0:0-0', 1],
    ])
    expect(mixed.take(anyPartition).map(range)).toEqual(['0:1-2'])
  })

  it('leaves partitions that are busy, and forgets one that is dropped', () => {
    const one = batcher()
    one.add(0, [batch(0, 3)], 3, 0)
    one.add(1, [batch(0, 3)], 3, 0)
    one.drop(1)
    expect(one.take(partition => partition !== 0)).toEqual([])
    expect(one.bufferedBytes(1)).toBe(0)
    expect(one.take(anyPartition)).toHaveLength(1)
  })

  it('sends a record that is larger than the payload alone', () => {
    const small = batcher({ payloadBytes: 2000 })
    const values = ['a', 'x'.repeat(5000), 'b'].map(text => ({ key: null, value: Buffer.from(text) }))
    small.add(0, [batchOf(values)], 3, 0)
    const taken = [small.take(anyPartition), small.take(anyPartition), small.take(anyPartition)]
    expect(taken.map(slices => slices.map(range))).toEqual([['0:0-0'], ['0:1-1'], ['0:2-2']])
  })

  it('commits past records that were filtered out after the last one queued', () => {
    const filtered = batcher()
    filtered.add(0, [batch(0, 2)], 2, 0)
    filtered.add(0, [], 9, 0)
    expect(filtered.take(anyPartition)[0]!.nextOffset).toBe(9)
  })

  it('loses, doubles and reorders nothing, and never passes its limits, whatever arrives in whatever pieces', () => {
    const bytes = fc.option(
      fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array)),
      { nil: null },
    )
    const headers = fc.array(fc.record({ name: fc.string({ unit: 'binary', maxLength: 5 }), value: bytes }), {
      maxLength: 2,
    })
    const content: fc.Arbitrary<Content> = fc.record({ key: bytes, value: bytes, headers })
    const pieces = fc.array(fc.tuple(fc.nat(3), fc.array(content, { minLength: 1, maxLength: 6 })), {
      maxLength: 12,
    })
    const limits = fc.record({
      batchSize: fc.integer({ min: 1, max: 8 }),
      payloadBytes: fc.integer({ min: 300, max: 3000 }),
    })
    fc.assert(
      fc.property(pieces, limits, (arriving, limit) => {
        const subject = batcher(limit)
        const sent = new Map<number, number>()
        for (const [arrivedAtMs, [partition, contents]] of arriving.entries()) {
          const baseOffset = sent.get(partition) ?? 0
          const nextOffset = baseOffset + contents.length
          subject.add(partition, [batchOf(contents, { baseOffset })], nextOffset, arrivedAtMs)
          sent.set(partition, nextOffset)
        }
        const got = new Map<number, number>()
        for (let taken = subject.take(anyPartition); taken.length > 0; taken = subject.take(anyPartition)) {
          const count = taken.reduce((sum, { records }) => sum + records.length, 0)
          expect(count).toBeLessThanOrEqual(limit.batchSize)
          if (count > 1)
            expect(Buffer.byteLength(JSON.stringify(event(taken)))).toBeLessThanOrEqual(limit.payloadBytes)
          for (const { partition, records, nextOffset } of taken) {
            const next = got.get(partition) ?? 0
            expect(records.map(({ offset }) => offset)).toEqual(
              Array.from({ length: records.length }, (_, i) => next + i),
            )
            expect(nextOffset).toBe(next + records.length)
            got.set(partition, nextOffset)
          }
        }
        expect(got).toEqual(sent)
        for (const [partition] of sent) expect(subject.bufferedBytes(partition)).toBe(0)
      }),
      { numRuns: 50 },
    )
  })
})
