import { describe, expect, it } from 'vitest'
import { offsetAfter, type RawRecord, toKafkaRecord, visibleRecords } from '../../lib/kafka/visible.ts'

function raw(offset: number, producerId: string, more: Partial<RawRecord> = {}): RawRecord {
  return {
    offset: String(offset),
    timestamp: '0',
    key: null,
    value: null,
    headers: {},
    isControlRecord: false,
    batchContext: { firstOffset: String(offset), lastOffsetDelta: 0, producerId, inTransaction: true },
    ...more,
  }
}

const marker = (offset: number, producerId: string, type: 'abort' | 'commit') =>
  raw(offset, producerId, { isControlRecord: true, key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]) })

const offsets = (records: readonly RawRecord[]) => records.map(({ offset }) => Number(offset))

describe('visibleRecords', () => {
  it('drops 2 markers and nothing else when no transaction was aborted', () => {
    const log = [raw(0, 'a'), marker(1, 'a', 'commit'), raw(2, 'b'), marker(3, 'b', 'commit')]
    expect(offsets(visibleRecords(log, []))).toEqual([0, 2])
  })

  it('drops an aborted transaction up to its marker, and keeps the same producer after it', () => {
    const log = [raw(0, 'a'), marker(1, 'a', 'abort'), raw(2, 'a'), marker(3, 'a', 'commit')]
    expect(offsets(visibleRecords(log, [{ producerId: 'a', firstOffset: '0' }]))).toEqual([2])
  })

  it('knows an aborted transaction whose first record lies before the piece that was read', () => {
    const log = [raw(10, 'a'), raw(11, 'b'), marker(12, 'a', 'abort')]
    expect(offsets(visibleRecords(log, [{ producerId: 'a', firstOffset: '3' }]))).toEqual([11])
  })

  it('takes 2 aborted transactions in whatever order they are listed', () => {
    const log = [raw(0, 'a'), raw(1, 'b'), marker(2, 'b', 'abort'), marker(3, 'a', 'abort')]
    const aborted = [
      { producerId: 'b', firstOffset: '1' },
      { producerId: 'a', firstOffset: '0' },
    ]
    expect(visibleRecords(log, aborted)).toEqual([])
  })

  it('takes no record for a marker because its key is four zero bytes', () => {
    const log = [raw(0, 'a', { key: Buffer.alloc(4) }), raw(1, 'a'), marker(2, 'a', 'abort')]
    expect(visibleRecords(log, [{ producerId: 'a', firstOffset: '0' }])).toEqual([])
    expect(offsets(visibleRecords([raw(0, 'a', { key: Buffer.alloc(4) })], []))).toEqual([0])
  })

  it('keeps what a producer wrote outside a transaction', () => {
    const { batchContext } = raw(0, 'a')
    const log = [raw(0, 'a', { batchContext: { ...batchContext, inTransaction: false } })]
    expect(offsets(visibleRecords(log, [{ producerId: 'a', firstOffset: '0' }]))).toEqual([0])
  })
})

describe('offsetAfter', () => {
  it('is 10 behind a batch of offsets 5 to 9 of which compaction left only 6', () => {
    const batchContext = { firstOffset: '5', lastOffsetDelta: 4, producerId: 'a', inTransaction: false }
    expect(offsetAfter([raw(6, 'a', { batchContext })])).toBe(10)
  })

  it('is unknown behind nothing', () => {
    expect(offsetAfter([])).toBeUndefined()
  })
})

describe('toKafkaRecord', () => {
  it('gives numbers for offset and time, lists for repeated headers, empty bytes for one without a value', () => {
    const headers = { one: Buffer.from('1'), two: [Buffer.from('a'), Buffer.from('b')], none: null }
    expect(toKafkaRecord(raw(7, 'a', { timestamp: '1767225600123', headers }))).toEqual({
      offset: 7,
      timestampMs: 1_767_225_600_123,
      key: null,
      value: null,
      headers: { ...headers, none: Buffer.alloc(0) },
    })
  })
})
