import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { offsetSpans, recordBatches } from '../../lib/lambda/kafkaEvent.ts'
import { decodeTick } from '../../lib/market/tick.ts'

const recorded = JSON.parse(readFileSync(new URL('../../events/ticks.kafka.json', import.meta.url), 'utf8'))

test('the recorded event is one batch of two good ticks', () => {
  const [batch, ...others] = recordBatches(recorded)
  expect(others).toEqual([])
  expect(batch).toMatchObject({ topic: 'market_data.stock_ticks', partition: 0 })
  const limits = { earliestUs: 0, maxAheadMs: 3_600_000 }
  const ticks = batch?.records.map(({ value, timestampMs }) => decodeTick(value, timestampMs, limits))
  expect(ticks).toMatchObject([{ symbol: 'BNBUSD' }, { symbol: 'SOLUSD' }])
})

test('keys, tombstones and headers arrive as bytes; negative ones are Java’s, a repeated name keeps both', () => {
  const record = { topic: 't', partition: 1, offset: 5, timestamp: 9, key: 'aw==', value: null }
  const headers = [{ a: [1, -1] }, { a: [2] }, { __proto__x: [3] }]
  const [batch] = recordBatches({ records: { 't-1': [{ ...record, headers }], 't-2': [] } })
  expect(batch?.records).toHaveLength(1)
  expect(batch?.records[0]).toMatchObject({ offset: 5, timestampMs: 9, key: Buffer.from('k'), value: null })
  expect(batch?.records[0]?.headers).toEqual({
    a: [Uint8Array.of(1, 255), Uint8Array.of(2)],
    __proto__x: [Uint8Array.of(3)],
  })
})

test('two lists of one partition become one batch; what is no Kafka event is refused', () => {
  const record = { topic: 't', partition: 1, offset: 5, timestamp: 9 }
  const batches = recordBatches({ records: { 't-1': [record], 'also-1': [{ ...record, offset: 6 }] } })
  expect(batches.map(({ records }) => records.map(({ offset }) => offset))).toEqual([[5, 6]])
  const noRecords = [1, [null], [record, 'x']].map(a => ({ records: { a } }))
  for (const event of [undefined, null, 'x', {}, { records: 1 }, ...noRecords]) {
    expect(() => recordBatches(event)).toThrow(/Kafka event source/)
    expect(offsetSpans(event)).toEqual([])
  }
})

test.each([
  { partition: '1' },
  { offset: '6' },
  { offset: 6.5 },
  { offset: 2 ** 53 },
  { timestamp: '9' },
  { timestamp: null },
])('a record whose place is no number is refused: %o', place => {
  const record = { topic: 't', partition: 1, offset: 5, timestamp: 9 }
  const event = { records: { 't-1': [record, { ...record, offset: 6, ...place }] } }
  expect(() => recordBatches(event)).toThrow(/are numbers/)
})

test('the offsets of an event are told without its records: 2 of one partition, none of an empty list', () => {
  const [topic, partition] = ['market_data.stock_ticks', 0]
  expect(offsetSpans(recorded)).toEqual([{ topic, partition, from: 0, to: 1, records: 2 }])
  expect(offsetSpans({ records: { 't-2': [] } })).toEqual([])
  expect(offsetSpans({ records: 1 })).toEqual([])
})
