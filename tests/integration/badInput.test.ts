import type { Message } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReaderName, read } from '../../bench/readers/readers.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { type Case, NAME, RECORD_MS, type Row, tickText } from '../corpus/case.ts'
import { CORPUS } from '../corpus/corpus.ts'
import { LARGEST_VALUE_BYTES } from '../corpus/documents.ts'
import { Offline } from './offline.ts'
import { readMessages, sandboxEnv, services, until } from './sandbox.ts'
import { type Sent, sendRecords } from './sendRecords.ts'
import { TICKS_TOPIC } from './ticks.ts'

const PARTITION = 1
const BESIDE = 'BESIDE_BAD_INPUT'

const connections = services()
let offline: Offline
/** Every case, and behind each a good tick. */
let sent: Sent[]

/** Keys and headers that only bytes can hold; a record of the largest size has none. */
function record({ value }: Case, index: number): Message {
  const bare = { value: value as Buffer | null, timestamp: String(RECORD_MS) }
  if (value?.length === LARGEST_VALUE_BYTES) return bare
  const key = [null, Buffer.alloc(0), Buffer.of(0xff, 0, index & 0xff)][index % 3]!
  const headers = {
    bytes: Buffer.of(0, 0xff, 0x80, index & 0xff),
    twice: ['a', 'ü'],
    empty: '',
    'ü "|\n': '1',
  }
  return { ...bare, key, headers }
}

function neighbour(index: number): Message {
  const texts = { source: `"${BESIDE}"`, symbol: `"${BESIDE}"`, number: String(index) }
  return { value: tickText(texts), timestamp: String(RECORD_MS) }
}

beforeAll(async () => {
  offline = await Offline.start('bad-input', { CANDLES: 'false' })
  const messages = CORPUS.flatMap((one, i) => [record(one, i), neighbour(i)])
  sent = await sendRecords(TICKS_TOPIC, PARTITION, messages)
  await caughtUp()
})
afterAll(async () => {
  await offline.stop()
  await connections.close()
})

const caughtUp = () =>
  until('ingest has caught up', async () => (await pipelineStatus(connections)).ingestLag === 0)

/** The cases with their places: `[name, offset]`, of those that become a row or those that do not. */
function placed(becomesRow: boolean): { one: Case; at: Sent }[] {
  return CORPUS.map((one, i) => ({ one, at: sent[2 * i]! })).filter(
    ({ one }) => (typeof one.expected !== 'string') === becomesRow,
  )
}

async function rowsOf(reader: ReaderName, owner: { source: string } | { symbol: string }) {
  const table = 'market_data.stock_ticks'
  const reports = await read(reader, {
    tables: [table],
    ...owner,
    env: { ...process.env, ...sandboxEnv() },
    cacheDir: readSettings().cacheDir,
    onProgress: () => {},
  })
  return reports.get(table)!.rows
}

describe(`${CORPUS.length} good and bad records, each before a good one`, () => {
  test.each(['trino', 'duckdb', 'pyiceberg'] as const)(
    'give %s the rows of the corpus, equal in every column, and no other',
    async reader => {
      const ours = [...(await rowsOf(reader, { source: NAME })), ...(await rowsOf(reader, { symbol: NAME }))]
      const found = new Map(ours.map(row => [Number(row.kafka_offset), row]))
      const place = {
        kafka_epoch: 0,
        kafka_partition: PARTITION,
        kafka_timestamp: '2025-03-20T14:31:28.500000Z',
      }
      for (const { one, at } of placed(true)) {
        const row = { ...(one.expected as Row), ...place, kafka_offset: String(at.offset) }
        expect(found.get(at.offset), one.name).toEqual(row)
      }
      expect(found.size).toBe(placed(true).length)
    },
  )

  test('put all bad ones on the dead-letter topic, and no other: key, value and headers as they were, with reason and place', async () => {
    const letters = (await readMessages([`${TICKS_TOPIC}.dlq`])).map(({ message }) => message)
    const ours = new Map(
      letters
        .filter(({ headers }) => String(headers!['tickhouse.topic']) === TICKS_TOPIC)
        .filter(({ headers }) => String(headers!['tickhouse.partition']) === String(PARTITION))
        .map(letter => [Number(letter.headers!['tickhouse.offset']), letter]),
    )
    for (const { one, at } of placed(false)) {
      const { key, value, headers } = ours.get(at.offset) ?? {}
      expect({ key, value }, one.name).toEqual({ key: at.message.key ?? null, value: one.value })
      expect(asBytes(headers), one.name).toEqual(
        asBytes({
          ...at.message.headers,
          'tickhouse.topic': TICKS_TOPIC,
          'tickhouse.epoch': '0',
          'tickhouse.partition': String(PARTITION),
          'tickhouse.offset': String(at.offset),
          'tickhouse.timestamp': String(RECORD_MS),
          'tickhouse.reason': String(one.expected),
        }),
      )
    }
    const sentOffsets = new Set(sent.map(({ offset }) => offset))
    expect([...ours.keys()].filter(offset => sentOffsets.has(offset))).toHaveLength(placed(false).length)
  })

  test('hold up none of the good ones beside them', async () => {
    const rows = await rowsOf('trino', { symbol: BESIDE })
    const numbers = rows.map(({ number }) => Number(number)).toSorted((a, b) => a - b)
    expect(numbers).toEqual(CORPUS.map((_, i) => i))
  })

  test('a record of a time long before 1970 is bad, and holds up none behind it', async () => {
    const symbol = 'BESIDE_OTHER_TIMES'
    // kafkajs, as a producer, rounds the others to 16 ms.
    const timesMs = [0, 16, 32].map(ms => 1_742_481_088_496 + ms)
    const good = timesMs.map((timeMs, i) => ({
      value: tickText({ source: `"${symbol}"`, symbol: `"${symbol}"`, number: String(i) }),
      timestamp: String(timeMs),
    }))
    const bad = { ...good[0]!, timestamp: '-100000000000000000' }
    await sendRecords(TICKS_TOPIC, PARTITION, [good[0]!, good[1]!, bad])
    await caughtUp()
    await sendRecords(TICKS_TOPIC, PARTITION, [good[2]!])
    await caughtUp()
    const rows = await rowsOf('trino', { symbol })
    expect(rows.map(row => row.kafka_timestamp).toSorted()).toEqual(
      [496, 512, 528].map(ms => `2025-03-20T14:31:28.${ms}000Z`),
    )
  })

  test('a record one byte larger than the largest one is not taken by the topic', async () => {
    const value = 'x'.repeat(LARGEST_VALUE_BYTES + 1)
    await expect(sendRecords(TICKS_TOPIC, PARTITION, [{ value }])).rejects.toThrow('larger than the max')
  })
})

function asBytes(headers: Message['headers']): Record<string, Buffer[]> {
  const all = Object.entries(headers ?? {}).map(([name, value]) => {
    return [name, [value].flat().map(one => Buffer.from(one ?? ''))]
  })
  return Object.fromEntries(all)
}
