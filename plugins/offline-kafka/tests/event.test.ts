import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { envelopeBytes, listBytes, recordSizer, type SourceRecord, toEvent } from '../event.ts'
import { record } from './records.ts'

const bytes = fc.option(
  fc.uint8Array({ maxLength: 50 }).map(array => Buffer.from(array)),
  { nil: null },
)
const headerValue = fc.uint8Array({ maxLength: 5 }).map(array => Buffer.from(array))
const anyRecord: fc.Arbitrary<SourceRecord> = fc.record({
  offset: fc.maxSafeNat().map(String),
  timestamp: fc.nat().map(String),
  key: bytes,
  value: bytes,
  headers: fc.dictionary(
    fc.string({ unit: 'binary' }),
    fc.oneof(headerValue, fc.array(headerValue, { maxLength: 3 })),
  ),
  batchContext: fc.record({ timestampType: fc.constantFrom(0, 1) }),
})

describe('toEvent', () => {
  it('gives base64 bytes that decode to what was sent, and leaves null key and value out', () => {
    fc.assert(
      fc.property(anyRecord, given => {
        const [made] = toEvent('t', ['a:1'], [{ partition: 3, records: [given] }]).records['t-3']!
        expect(made!.key === undefined ? null : Buffer.from(made!.key, 'base64')).toEqual(given.key)
        expect(made!.value === undefined ? null : Buffer.from(made!.value, 'base64')).toEqual(given.value)
        expect([made!.topic, made!.partition, String(made!.offset)]).toEqual(['t', 3, given.offset])
      }),
    )
  })

  it('writes header bytes as Java does: 200 becomes -56', () => {
    const given = {
      ...record(0),
      headers: { h: Buffer.from([1, 200]), twice: [Buffer.from('a'), Buffer.from('b')] },
    }
    const [made] = toEvent('t', ['a:1'], [{ partition: 0, records: [given] }]).records['t-0']!
    expect(made!.headers).toEqual([{ h: [1, -56] }, { twice: [97] }, { twice: [98] }])
  })
})

describe('counted bytes', () => {
  it('equal the bytes of the JSON, whatever the records', () => {
    const lists = fc.uniqueArray(fc.tuple(fc.nat(200), fc.array(anyRecord, { minLength: 1, maxLength: 4 })), {
      selector: ([partition]) => partition,
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(lists, given => {
        const slices = given.map(([partition, list]) => ({ partition, records: list }))
        let counted = envelopeBytes(['a:1', 'b:2'])
        for (const { partition, records } of slices) {
          const sizeOf = recordSizer('t', partition)
          counted += listBytes('t', partition)
          for (const one of records) counted += sizeOf(one)
        }
        // Each list is counted with a comma after it, and after its last record.
        const spare = slices.length + 1
        const actual = Buffer.byteLength(JSON.stringify(toEvent('t', ['a:1', 'b:2'], slices)))
        expect(counted - spare).toBe(actual)
      }),
    )
  })
})
