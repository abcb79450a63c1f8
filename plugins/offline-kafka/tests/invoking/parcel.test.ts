import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pack, unpack } from '../../invoking/parcel.ts'
import { envelopeBytes, frameBytes, listBytes } from '../../records/event.ts'
import { Records } from '../../records/records.ts'
import { batchOf, type Content, contentJsonBytes } from '../support/recordSets.ts'
import { recordsOf } from '../support/records.ts'

const bytes = fc.option(
  fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array)),
  { nil: null },
)
const anyContent: fc.Arbitrary<Content> = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(fc.record({ name: fc.string({ unit: 'binary' }), value: bytes }), { maxLength: 3 }),
  timestampMs: fc.integer({ min: -1, max: 2 ** 45 }),
})
const contents = fc.array(anyContent, { minLength: 1, maxLength: 5 })
const NONE = new SharedArrayBuffer(0)

const decoded = (text: string | undefined) => (text === undefined ? null : Buffer.from(text, 'base64'))

describe('pack and unpack', () => {
  it('give an event of base64 bytes that decode to what was sent, and leave null key and value out', () => {
    fc.assert(
      fc.property(contents, fc.nat(2 ** 40), (given, baseOffset) => {
        const slice = { partition: 3, records: recordsOf(batchOf(given, { baseOffset })), nextOffset: 0 }
        const event = unpack(pack('t', ['a:1', 'b:2'], [slice], NONE))
        expect(event.bootstrapServers).toBe('a:1,b:2')
        const made = event.records['t-3']!
        for (const [i, { key, value, timestampMs, headers = [] }] of given.entries()) {
          const one = made[i]!
          expect([one.topic, one.partition, one.offset, one.timestamp]).toEqual([
            't',
            3,
            baseOffset + i,
            timestampMs,
          ])
          expect([decoded(one.key), decoded(one.value)]).toEqual([key, value])
          expect(one.headers).toEqual(
            headers.map(header => ({ [header.name]: [...new Int8Array(header.value ?? [])] })),
          )
        }
      }),
    )
  })

  it('take only the records of their runs, from 2 batches of different kinds', () => {
    const [first, second] = [0, 8].map(attributes =>
      batchOf(
        ['a', 'b', 'c'].map(text => ({ key: null, value: Buffer.from(text) })),
        { attributes, baseOffset: attributes * 10, maxTimestampMs: 5 },
      ),
    )
    const records = new Records([
      { batch: first!, from: 1, to: 3 },
      { batch: second!, from: 0, to: 1 },
    ])
    const made = unpack(pack('t', ['a:1'], [{ partition: 0, records, nextOffset: 0 }], NONE)).records['t-0']!
    expect(made.map(one => [one.offset, decoded(one.value)!.toString(), one.timestampType])).toEqual([
      [1, 'b', 'CREATE_TIME'],
      [2, 'c', 'CREATE_TIME'],
      [80, 'a', 'LOG_APPEND_TIME'],
    ])
    expect(made[2]!.timestamp).toBe(5)
  })

  it('write the next batch over the last one in the same memory, and into more only when it is larger', () => {
    const sliceOf = (text: string) => ({
      partition: 0,
      records: recordsOf(batchOf([{ key: null, value: Buffer.from(text) }])),
      nextOffset: 1,
    })
    const first = pack('t', ['a:1'], [sliceOf('x'.repeat(100))], NONE)
    const event = unpack(first)
    const second = pack('t', ['a:1'], [sliceOf('y')], first.memory)
    expect(second.memory).toBe(first.memory)
    expect(pack('t', ['a:1'], [sliceOf('z'.repeat(1000))], first.memory).memory).not.toBe(first.memory)
    expect(decoded(event.records['t-0']![0]!.value)!.toString()).toBe('x'.repeat(100))
    expect(decoded(unpack(second).records['t-0']![0]!.value)!.toString()).toBe('y')
  })

  it('write header bytes as Java does, each of 2 headers of one name at its place: 200 becomes -56', () => {
    const headers = [
      { name: 'h', value: Buffer.from([1, 200]) },
      { name: 'other', value: Buffer.alloc(0) },
      { name: 'h', value: null },
    ]
    const slice = {
      partition: 0,
      records: recordsOf(batchOf([{ key: null, value: null, headers }])),
      nextOffset: 1,
    }
    const [made] = unpack(pack('t', ['a:1'], [slice], NONE)).records['t-0']!
    expect(made!.headers).toEqual([{ h: [1, -56] }, { other: [] }, { h: [] }])
  })
})

describe('counted bytes', () => {
  it('equal the bytes of the JSON, whatever the records', () => {
    const lists = fc.uniqueArray(fc.tuple(fc.nat(200), contents), {
      selector: ([partition]) => partition,
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(lists, given => {
        let counted = envelopeBytes(['a:1', 'b:2'])
        const slices = given.map(([partition, list]) => {
          counted += listBytes('t', partition) + list.length * frameBytes('t', partition)
          for (const [offset, content] of list.entries()) counted += contentJsonBytes(content, offset)
          return { partition, records: recordsOf(batchOf(list)), nextOffset: 0 }
        })
        // Each list is counted with a comma after it, and after its last record.
        const spare = slices.length + 1
        const event = unpack(pack('t', ['a:1', 'b:2'], slices, NONE))
        expect(counted - spare).toBe(Buffer.byteLength(JSON.stringify(event)))
      }),
    )
  })
})
