import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { publishCandles } from '../../lib/steps/publishCandles.ts'
import { CANDLES_TABLE, candleColumns, candlesState, candlesSummary } from '../../lib/tables/candlesTable.ts'
import { MemoryTransaction } from '../support/memoryProducers.ts'
import { newWorld, SETTINGS, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const MINUTE_US = 60_000_000
const START_US = Date.parse('2026-03-01T12:00:00Z') * 1000

function candle(n: number, stampUs: number, revision = 1): Candle {
  const key = { source: 's', symbol: `x${n % 7}`, timeframe: 'm1', dateTimeUs: START_US + n * MINUTE_US }
  return {
    ...key,
    open: 1,
    high: 2,
    low: 1,
    close: 2,
    volume: n,
    closed: true,
    revision,
    updatedAtUs: stampUs,
  }
}

/** Makes these the rows of the table, as a rollup's commit would. */
async function store(rows: readonly Candle[]): Promise<void> {
  const { catalog, services } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const file = await writeDataFile(services.store, table, candleColumns(rows), rows.length)
  const staged = await stageSnapshot(services.store, table, {
    add: [file],
    remove: await planFiles(services.store, table),
    summary: candlesSummary({ ...candlesState(table), stampUs: Math.max(...rows.map(r => r.updatedAtUs)) }),
    nowMs: world.clock.nowMs,
  })
  await commitSnapshot(catalog, table, staged)
}

/** Volume and revision of each message on candle_m1, by partition, as they were sent. */
async function sent(): Promise<{ partition: number; symbol: string; volume: number; revision: number }[]> {
  const found = []
  for (const [partition, { high }] of await world.log.offsets('candle_m1')) {
    for (let offset = 0; offset < high; offset++) {
      const record = await world.log.firstFrom('candle_m1', partition, offset)
      if (record?.offset !== offset) continue
      const { symbol, volume, revision } = JSON.parse(String(record.value))
      found.push({ partition, symbol, volume, revision })
    }
  }
  return found
}

describe('publishCandles', () => {
  test('sends every candle once, each symbol to one partition, and then nothing more', async () => {
    await store(Array.from({ length: 20 }, (_, n) => candle(n, 100)))
    expect(await publishCandles(world.services)).toEqual({ sent: 20, transactions: 1, fenced: false })
    expect(await publishCandles(world.services)).toEqual({ sent: 0, transactions: 0, fenced: false })
    const messages = await sent()
    expect(messages.map(({ volume }) => volume).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    )
    for (const of of Map.groupBy(messages, ({ symbol }) => symbol).values()) {
      expect(new Set(of.map(({ partition }) => partition)).size).toBe(1)
    }
  })

  test('sends only what changed since, in the order of stamps', async () => {
    await store([candle(1, 100), candle(2, 100)])
    await publishCandles(world.services)
    await store([candle(1, 100), candle(2, 300, 3), candle(3, 200)])
    expect(await publishCandles(world.services)).toMatchObject({ sent: 2 })
    expect((await sent()).map(({ volume, revision }) => `${volume}:${revision}`).sort()).toEqual([
      '1:1',
      '2:1',
      '2:3',
      '3:1',
    ])
  })

  test('12,001 candles go out in 3 transactions of at most 5,000', async () => {
    await store(Array.from({ length: 12_001 }, (_, n) => candle(n, 100)))
    expect(await publishCandles(world.services)).toMatchObject({ sent: 12_001, transactions: 3 })
  })

  test('after a failure in mid-send nothing of it is visible, and the next call sends each once', async () => {
    await store([candle(1, 100), candle(2, 100)])
    const { transaction } = world.services
    const broken = new MemoryTransaction(world.log, new Map(), 'other')
    broken.commit = async () => {
      throw new Error('gone')
    }
    await expect(publishCandles({ ...world.services, transaction: broken })).rejects.toThrow('gone')
    expect(await sent()).toEqual([])
    expect(await publishCandles({ ...world.services, transaction })).toMatchObject({ sent: 2 })
    expect(await sent()).toHaveLength(2)
  })

  test('of two publishers the older one is fenced, ends with success, and works again at its next call', async () => {
    await store([candle(1, 100)])
    const owners = new Map()
    const older = new MemoryTransaction(world.log, owners, 'p')
    const newer = new MemoryTransaction(world.log, owners, 'p')
    const send = older.send.bind(older)
    older.send = async records => {
      await publishCandles({ ...world.services, transaction: newer })
      return send(records)
    }
    expect(await publishCandles({ ...world.services, transaction: older })).toEqual({
      sent: 0,
      transactions: 0,
      fenced: true,
    })
    older.send = send
    await store([candle(1, 100), candle(2, 200)])
    expect(await publishCandles({ ...world.services, transaction: older })).toMatchObject({ sent: 1 })
    expect((await sent()).map(({ volume }) => volume).sort()).toEqual([1, 2])
  })

  test('another candles table is sent from its beginning', async () => {
    const mark = { tableUuid: 'another', stampUs: 999_999, id: 'z' }
    world.log.append(SETTINGS.markTopic, 0, [{ value: Buffer.from(JSON.stringify(mark)) }])
    await store([candle(1, 100)])
    expect(await publishCandles(world.services)).toMatchObject({ sent: 1 })
  })
})
