import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReaderName, read } from '../../bench/readers/readers.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { expectedCandles, oracleTick, sorted } from '../support/oracle.ts'
import { Offline } from './offline.ts'
import { readCandleMessages, sandboxEnv, sendMessages, services, until } from './sandbox.ts'
import { SAMPLE_ROWS, SAMPLE_TICKS, TICKS_TOPIC } from './ticks.ts'

const connections = services()
let offline: Offline

beforeAll(async () => {
  offline = await Offline.start('samples', { CANDLES: 'false' })
  await sendMessages(
    TICKS_TOPIC,
    SAMPLE_TICKS.map(value => ({ value, partition: 2 })),
  )
  await until('ingest has caught up', async () => (await pipelineStatus(connections)).ingestLag === 0)
  await offline.rollUpAll()
  await offline.publishAll()
})
afterAll(async () => {
  await offline.stop()
  await connections.close()
})

async function rowsOf(reader: ReaderName, symbol: string) {
  const table = 'market_data.stock_ticks'
  const reports = await read(reader, {
    tables: [table],
    symbol,
    env: { ...process.env, ...sandboxEnv() },
    cacheDir: readSettings().cacheDir,
    onProgress: () => {},
  })
  return reports.get(table)!.rows
}

describe('the two sample ticks', () => {
  test.each(['trino', 'duckdb', 'pyiceberg'] as const)('come back exactly through %s', async reader => {
    for (const [symbol, row] of Object.entries(SAMPLE_ROWS)) {
      const place = { kafka_epoch: 0, kafka_partition: 2 }
      expect(await rowsOf(reader, symbol)).toEqual([expect.objectContaining({ ...row, ...place })])
    }
  })

  test('are 22 candles on the topics, equal to their fold', async () => {
    const candles = await readCandleMessages('SOURCE_1')
    expect(candles).toHaveLength(22)
    const expected = expectedCandles(SAMPLE_TICKS.map((text, offset) => oracleTick(text, 2, offset)))
    const found = candles.map(c => ({ ...c, start: c.dateTime.replace(/\.\d+Z$/, '.000Z') }))
    expect(sorted(found)).toEqual(expected)
    expect(found.every(({ closed, revision, volume }) => closed && revision === 1 && volume === 1)).toBe(true)
  })
})
