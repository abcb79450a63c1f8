import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Batcher } from '../batcher.ts'
import { envelopeBytes, listBytes, recordSizer, type SourceRecord, toEvent } from '../event.ts'
import { record, records } from './records.ts'

const SERVERS = ['a:9092']
const anyPartition = () => true

const batcher = (limits: { batchSize?: number; windowMs?: number; payloadBytes?: number }) =>
  new Batcher<SourceRecord>({
    batchSize: 100,
    windowMs: 500,
    payloadBytes: 6_000_000,
    envelopeBytes: envelopeBytes(SERVERS),
    listBytes: partition => listBytes('t', partition),
    ...limits,
  })

const chunk = (partition: number, list: SourceRecord[], arrivedAtMs = 0) => ({
  records: list,
  sizes: list.map(recordSizer('t', partition)),
  nextOffset: Number(list.at(-1)?.offset ?? -1) + 1,
  arrivedAtMs,
})

const jsonBytes = (slices: ReturnType<Batcher<SourceRecord>['take']>) =>
  Buffer.byteLength(JSON.stringify(toEvent('t', SERVERS, slices)))

describe('Batcher', () => {
  it('is due 500 ms after the oldest record of all partitions', () => {
    const two = batcher({})
    two.add(1, chunk(1, records(0, 1), 1000))
    two.add(0, chunk(0, records(0, 1), 900))
    expect(two.dueAtMs(anyPartition)).toBe(1400)
    expect(two.dueAtMs(partition => partition === 1)).toBe(1500)
    expect(two.dueAtMs(() => false)).toBeUndefined()
  })

  it('is due at once when 2 partitions hold 5 records together', () => {
    const full = batcher({ batchSize: 5 })
    full.add(0, chunk(0, records(0, 3)))
    expect(full.dueAtMs(anyPartition)).toBe(500)
    full.add(1, chunk(1, records(0, 2)))
    expect(full.dueAtMs(anyPartition)).toBe(Number.NEGATIVE_INFINITY)
  })

  it('takes from the partition that waits longest first, then from the others, up to 5 records', () => {
    const mixed = batcher({ batchSize: 5 })
    mixed.add(0, chunk(0, records(0, 3), 20))
    mixed.add(1, chunk(1, records(10, 14), 10))
    const taken = mixed.take(anyPartition)
    expect(taken.map(({ partition, nextOffset }) => [partition, nextOffset])).toEqual([
      [1, 14],
      [0, 1],
    ])
    expect(mixed.take(anyPartition).map(({ records: [first] }) => first!.offset)).toEqual(['1'])
  })

  it('leaves partitions that are busy, and forgets one that is dropped', () => {
    const one = batcher({})
    one.add(0, chunk(0, records(0, 3)))
    one.add(1, chunk(1, records(0, 3)))
    one.drop(1)
    expect(one.take(partition => partition !== 0)).toEqual([])
    expect(one.bufferedBytes(1)).toBe(0)
    expect(one.take(anyPartition)).toHaveLength(1)
  })

  it('sends a record that is larger than the payload alone', () => {
    const small = batcher({ payloadBytes: 2000 })
    small.add(0, chunk(0, [record(0), record(1, 'x'.repeat(5000)), record(2)]))
    const taken = [small.take(anyPartition), small.take(anyPartition), small.take(anyPartition)]
    expect(taken.map(slices => slices[0]!.records.map(({ offset }) => offset))).toEqual([['0'], ['1'], ['2']])
  })

  it('commits past records that were filtered out after the last one queued', () => {
    const filtered = batcher({})
    filtered.add(0, chunk(0, records(0, 2)))
    filtered.add(0, { records: [], sizes: [], nextOffset: 9, arrivedAtMs: 0 })
    expect(filtered.take(anyPartition)[0]!.nextOffset).toBe(9)
  })

  it('loses, doubles and reorders nothing, and never passes its limits, whatever arrives in whatever pieces', () => {
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 40 }), { nil: null })
    const headers = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 5 }), {
      maxKeys: 2,
    })
    const content = fc.record({ key: text, value: text, headers, timestampType: fc.constantFrom(0, 1) })
    const arrivals = fc.array(fc.tuple(fc.nat(3), fc.array(content, { maxLength: 6 })), { maxLength: 12 })
    const limits = fc.record({
      batchSize: fc.integer({ min: 1, max: 8 }),
      payloadBytes: fc.integer({ min: 300, max: 3000 }),
    })
    fc.assert(
      fc.property(arrivals, limits, (pieces, limit) => {
        const subject = batcher(limit)
        const sent = new Map<number, SourceRecord[]>()
        for (const [arrivedAtMs, [partition, contents]] of pieces.entries()) {
          const past = sent.get(partition) ?? []
          const list = contents.map(
            ({ key, value, headers: given, timestampType }, i): SourceRecord => ({
              ...record(past.length + i),
              key: key === null ? null : Buffer.from(key),
              value: value === null ? null : Buffer.from(value),
              headers: Object.fromEntries(
                Object.entries(given).map(([name, one]) => [name, Buffer.from(one)]),
              ),
              batchContext: { timestampType },
            }),
          )
          const nextOffset = past.length + list.length
          subject.add(partition, { ...chunk(partition, list, arrivedAtMs), nextOffset })
          sent.set(partition, [...past, ...list])
        }
        const got = new Map<number, SourceRecord[]>()
        for (let taken = subject.take(anyPartition); taken.length > 0; taken = subject.take(anyPartition)) {
          const count = taken.reduce((sum, one) => sum + one.records.length, 0)
          expect(count).toBeLessThanOrEqual(limit.batchSize)
          if (count > 1) expect(jsonBytes(taken)).toBeLessThanOrEqual(limit.payloadBytes)
          for (const one of taken) {
            got.set(one.partition, [...(got.get(one.partition) ?? []), ...one.records])
            expect(one.nextOffset).toBe(got.get(one.partition)!.length)
          }
        }
        const filled = [...sent].filter(([, list]) => list.length > 0)
        expect(got).toEqual(new Map(filled))
        for (const [partition] of sent) expect(subject.bufferedBytes(partition)).toBe(0)
      }),
    )
  })
})
