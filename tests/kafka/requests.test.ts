import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordBytes, requestsOf, topicMessages } from '../../lib/kafka/requests.ts'
import type { OutgoingRecord } from '../../lib/ports.ts'

function ofBytes(bytes: number): OutgoingRecord {
  return { topic: 'topic', key: null, value: 'x'.repeat(bytes - 40) }
}

describe('recordBytes', () => {
  it('counts 40 bytes beside key, value and headers, in UTF-8', () => {
    const headers = { name: [Buffer.from('12'), '3'] }
    expect(recordBytes({ topic: 'topic', key: 'é', value: Buffer.alloc(5), headers })).toBe(
      40 + 2 + 5 + 4 + 3,
    )
    expect(recordBytes({ topic: 'topic', key: null, value: null })).toBe(40)
  })
})

describe('requestsOf', () => {
  it('sends a record above the limit alone, between 2 requests', () => {
    const sizes = [...requestsOf([50, 50, 500, 50].map(ofBytes), { maxBytes: 100, maxRecords: 10 })]
    expect(sizes.map(request => request.map(recordBytes))).toEqual([[50, 50], [500], [50]])
  })

  it('makes 0 requests of 0 records', () => {
    expect([...requestsOf([], { maxBytes: 100, maxRecords: 10 })]).toEqual([])
  })

  it('keeps every record in its order, and every request of several within both limits', () => {
    const bytes = fc.array(fc.integer({ min: 40, max: 200 }))
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 40, max: 400 }),
        fc.integer({ min: 1, max: 5 }),
        (sizes, maxBytes, maxRecords) => {
          const records = sizes.map(ofBytes)
          const requests = [...requestsOf(records, { maxBytes, maxRecords })]
          expect(requests.flat()).toEqual(records)
          for (const request of requests) {
            const total = request.reduce((sum, record) => sum + recordBytes(record), 0)
            expect(request.length).toBeGreaterThan(0)
            expect(request.length).toBeLessThanOrEqual(maxRecords)
            expect(request.length === 1 || total <= maxBytes).toBe(true)
          }
        },
      ),
    )
  })
})

describe('topicMessages', () => {
  it('gathers 3 records by topic, bytes as they are, texts in UTF-8, absent fields absent', () => {
    const whole = new Uint8Array([9, 1, 2, 9])
    const records: OutgoingRecord[] = [
      {
        topic: 'a',
        key: whole.subarray(1, 3),
        value: 'é',
        partition: 3,
        partitionKey: 'p',
        timestampMs: 5,
        headers: { h: ['x', 'y'] },
      },
      { topic: 'b', key: null, value: null },
      { topic: 'a', key: 'k', value: '' },
    ]
    expect(topicMessages(records)).toEqual([
      {
        topic: 'a',
        messages: [
          {
            key: Buffer.from([1, 2]),
            value: Buffer.from('é'),
            partition: 3,
            partitionKey: 'p',
            timestamp: '5',
            headers: { h: [Buffer.from('x'), Buffer.from('y')] },
          },
          { key: Buffer.from('k'), value: Buffer.alloc(0) },
        ],
      },
      { topic: 'b', messages: [{ key: null, value: null }] },
    ])
  })
})
