import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IngestResult } from '../../lib/ingest/ingestTicks.ts'
import { MINUTE_US } from '../../lib/market/time.ts'
import type { PublishResult } from '../../lib/publish/publishCandles.ts'
import type { RollupResult } from '../../lib/rollup/rollupCandles.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { expectedCandles, oracleTick, sorted } from '../support/oracle.ts'
import { Offline } from './offline.ts'
import {
  type CandleMessage,
  readCandleMessages,
  readTopics,
  sendMessages,
  services,
  until,
} from './sandbox.ts'
import { storedCandles, TICKS_TOPIC, tickMessage } from './ticks.ts'

const SOURCE = 'PIPELINE'
const connections = services()
let offline: Offline

beforeAll(async () => {
  offline = await Offline.start('pipeline', { CANDLES: 'false' })
})
afterAll(async () => {
  await offline.stop()
  await connections.close()
})

/** Waits until ingest has all, then runs rollup and publish by hand: as their schedules would. */
async function settle(): Promise<void> {
  await until('ingest has caught up', async () => (await pipelineStatus(connections)).ingestLag === 0)
  await offline.rollUpAll()
  await offline.publishAll()
}

async function expected() {
  const messages = await readTopics([TICKS_TOPIC])
  const ours = messages.filter(({ value }) => value?.includes(`"${SOURCE}"`))
  return expectedCandles(ours.map(({ value, partition, offset }) => oracleTick(value!, partition, offset)))
}

/** The newest revision of each candle, as a consumer that keeps the last message of each key has it. */
function newest(messages: readonly CandleMessage[]): CandleMessage[] {
  const byKey = new Map(messages.map(m => [JSON.stringify([m.timeframe, m.symbol, m.dateTime]), m]))
  return [...byKey.values()]
}

const asOracle = (message: CandleMessage) => ({
  ...message,
  start: message.dateTime.replace(/\.\d+Z$/, '.000Z'),
})

describe('from ticks to candles', () => {
  test('candles of all 11 timeframes, in Iceberg and on Kafka, equal a fold of the same ticks', async () => {
    const moments = [
      '2025-01-31T23:59:59.999999',
      '2025-01-31T23:59:00',
      '2025-02-01T00:00:00',
      '2025-02-02T23:59:59.5',
      '2025-02-03T00:00:00.000001',
      '2025-02-03T10:00:00',
      '2025-02-03T10:00:30',
      '2025-02-03T10:00:30',
      '2025-02-03T10:04:59.999',
      '2025-02-05T07:15:00',
      '2024-12-30T00:00:00',
      '2024-02-29T12:34:56',
    ]
    const messages = ['EURUSD', `O'NEIL|"😀`].flatMap((symbol, s) =>
      moments.map((dateTime, i) =>
        tickMessage({ source: SOURCE, symbol, mid: 100 + ((i * 7) % 5) + s / 8, number: 500 - i, dateTime }),
      ),
    )
    await sendMessages(TICKS_TOPIC, messages)
    await settle()

    const candles = await expected()
    expect(new Set(candles.map(({ timeframe }) => timeframe)).size).toBe(11)
    const stored = await storedCandles(connections, SOURCE)
    expect(sorted(stored)).toEqual(candles)
    expect(stored.every(({ closed }) => closed)).toBe(true)
    // A longer candle has a revision for each round that changed it; a slow machine makes more of them.
    expect(stored.every(({ timeframe, revision }) => timeframe !== 'm1' || revision === 1)).toBe(true)
    expect(sorted(newest(await readCandleMessages(SOURCE)).map(asOracle))).toEqual(candles)
  })

  test('late ticks change just the candles they fall into, each published once more with the next revision', async () => {
    const before = await storedCandles(connections, SOURCE)
    const late = ['2025-02-03T10:00:10', '2025-01-31T12:00:00', '2025-02-05T07:14:59.999999']
    await sendMessages(
      TICKS_TOPIC,
      late.map((dateTime, i) =>
        tickMessage({ source: SOURCE, symbol: 'EURUSD', mid: 250 - i, number: 900 + i, dateTime }),
      ),
    )
    await settle()

    const candles = await expected()
    const stored = await storedCandles(connections, SOURCE)
    expect(sorted(stored)).toEqual(candles)
    const revised = stored.filter(({ timeframe, revision }) => timeframe === 'm1' && revision === 2)
    expect(revised.length).toBeGreaterThan(0)
    expect(revised.every(({ symbol }) => symbol === 'EURUSD')).toBe(true)
    expect(stored.filter(({ symbol }) => symbol !== 'EURUSD')).toEqual(
      before.filter(({ symbol }) => symbol !== 'EURUSD'),
    )

    const messages = await readCandleMessages(SOURCE)
    const revisions = messages.map(m => JSON.stringify([m.timeframe, m.symbol, m.dateTime, m.revision]))
    expect(new Set(revisions).size).toBe(revisions.length)
    expect(sorted(newest(messages).map(asOracle))).toEqual(candles)
  })

  test('a rollup and a publish with nothing new write nothing', async () => {
    const load = () => connections.catalog.loadTable({ namespace: 'market_data', name: 'candles' })
    // A minute that ends in between is something new.
    for (let isWithinMinute = false; !isWithinMinute; ) {
      const before = await load()
      const minute = Math.floor(Date.now() / 60_000)
      expect(await offline.invoke<RollupResult>('rollup')).toMatchObject({ changed: 0, behind: 0, taken: [] })
      expect(await offline.invoke<PublishResult>('publish')).toMatchObject({ sent: 0 })
      const { metadata } = await load()
      const { closedUntilUs } = candlesState(before)
      isWithinMinute = closedUntilUs >= minute * MINUTE_US && minute === Math.floor(Date.now() / 60_000)
      if (isWithinMinute) expect(metadata.currentSnapshotId).toBe(before.metadata.currentSnapshotId)
    }
  })

  test('recomputing a stretch that is right already changes nothing, after one round over the hours that have ticks', async () => {
    const range = { from: '2025-01-30T00:00:00', to: '2025-02-06T00:00:00' }
    expect(await offline.invoke<RollupResult>('rollup', range)).toMatchObject({ changed: 0 })
    await offline.rollUpAll()
  })

  test('a bad tick goes to the dead-letter topic as it came, with its reason and place, and holds nothing up', async () => {
    const good = tickMessage({
      source: SOURCE,
      symbol: 'GBPUSD',
      mid: 1,
      number: 1,
      dateTime: '2025-02-03T10:00:00',
    })
    const bad = {
      partition: 0,
      key: 'k',
      value: '{"source":"PIPELINE","symbol":7}',
      headers: { trace: 'abc' },
    }
    await sendMessages(TICKS_TOPIC, [{ ...bad }, { ...good, partition: 0 }])
    await settle()

    const letters = await readTopics([`${TICKS_TOPIC}.dlq`])
    const letter = letters.find(({ value }) => value === bad.value)
    expect(letter).toMatchObject({
      key: 'k',
      headers: {
        trace: 'abc',
        'tickhouse.topic': TICKS_TOPIC,
        'tickhouse.epoch': '0',
        'tickhouse.partition': '0',
        'tickhouse.reason': 'symbol',
      },
    })
    const [original] = (await readTopics([TICKS_TOPIC])).filter(({ value }) => value === bad.value)
    expect(letter?.headers['tickhouse.offset']).toBe(String(original?.offset))
    const stored = await storedCandles(connections, SOURCE)
    expect(stored.filter(({ symbol }) => symbol === 'GBPUSD')).toHaveLength(11)
  })

  test('a batch that is delivered again is skipped, record by record', async () => {
    const [message] = (await readTopics([TICKS_TOPIC])).filter(({ offset }) => offset === 0)
    const record = {
      topic: TICKS_TOPIC,
      partition: message!.partition,
      offset: 0,
      timestamp: Date.now(),
      value: Buffer.from(message!.value!).toString('base64'),
      headers: [],
    }
    const event = { records: { [`${TICKS_TOPIC}-${message!.partition}`]: [record] } }
    expect(await offline.invoke<IngestResult>('ingest', event)).toEqual({
      ticks: 0,
      deadLetters: 0,
      skipped: 1,
      commits: 0,
    })
  })
})
