import { beforeEach, describe, expect, test } from 'vitest'
import { TickhouseError } from '../../lib/errors.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { prometheusText } from '../../lib/lambda/prometheusText.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { checkHealth } from '../../lib/status/checkHealth.ts'
import { samplesOf } from '../../lib/status/metrics.ts'
import { type ObserveServices, observe } from '../../lib/status/observe.ts'
import {
  type CandlesState,
  candlesState,
  candlesSummary,
  NOTHING_STALE,
} from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import {
  batch,
  ingest,
  newWorld,
  produce,
  SETTINGS,
  stateOf,
  tickJson,
  type World,
} from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

async function scrape(changes: Partial<ObserveServices> = {}): Promise<Map<string, number>> {
  const text = await prometheusText(samplesOf(await observe({ ...world.services, ...changes })))
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

/** What a rollup's commit says of the ticks that it took in; the rows do not matter here. */
async function rollUp(changes: Partial<CandlesState>): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const summary = candlesSummary({ ...candlesState(table), ...changes })
  const change = { add: [], summary, nowMs: clock.nowMs }
  await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
}

async function takeIn(from: number, to: number): Promise<void> {
  await ingest(world, [await batch(world, 0, from, to)])
}

const away = () => Promise.reject(new TickhouseError('AWAY', 'nobody answers'))

describe('the metrics', () => {
  test('of an empty pipeline are 0 ticks and no lag', async () => {
    const values = await scrape()
    expect(values.get('tickhouse_ticks_total')).toBe(0)
    for (const stage of ['ingest', 'rollup', 'publish'])
      expect(values.get(`tickhouse_stage_lag_seconds{stage="${stage}"}`)).toBe(0)
    expect(values.has('tickhouse_newest_tick_timestamp_seconds')).toBe(false)
    for (const name of ['stale_hours', 'owed_hours', 'stale_seconds'])
      expect(values.get(`tickhouse_${name}`)).toBe(0)
    expect(values.get('tickhouse_table_rows{table="stock_ticks"}')).toBe(0)
  })

  test('count 2 ticks, 1 dead letter by its reason, and 1 record that waits since 7 seconds', async () => {
    produce(world, 0, tickJson(1), 'no json', tickJson(2))
    await takeIn(0, 3)
    produce(world, 0, tickJson(3))
    world.clock.nowMs += 7_000
    const values = await scrape()
    expect(values.get('tickhouse_ticks_total')).toBe(2)
    expect(values.get('tickhouse_dead_letters_total{reason="not_json"}')).toBe(1)
    expect(values.get('tickhouse_stage_lag_records{stage="ingest"}')).toBe(1)
    expect(values.get('tickhouse_stage_lag_seconds{stage="ingest"}')).toBe(7)
    expect(values.get('tickhouse_newest_tick_timestamp_seconds')).toBe(world.clock.nowMs / 1_000 - 7)
    expect(values.get('tickhouse_table_rows{table="stock_ticks"}')).toBe(2)
    expect(values.get('tickhouse_table_files{table="stock_ticks"}')).toBe(1)
  })

  test('say that nothing waits where a transaction has ended behind its ticks, and that a tick does behind that', async () => {
    const transaction = world.log.begin()
    const value = Buffer.from(tickJson(1))
    transaction.append(SETTINGS.ticksTopic, 0, [{ value, timestampMs: world.clock.nowMs }])
    transaction.commit()
    await takeIn(0, 1)
    expect((await world.log.offsets(SETTINGS.ticksTopic)).get(0)).toEqual({ low: 0, high: 2 })
    world.clock.nowMs += 60_000
    const values = await scrape()
    expect(values.get('tickhouse_stage_lag_records{stage="ingest"}')).toBe(0)
    expect(values.get('tickhouse_stage_lag_seconds{stage="ingest"}')).toBe(0)
    produce(world, 0, tickJson(2))
    expect((await scrape()).get('tickhouse_stage_lag_records{stage="ingest"}')).toBe(1)
  })

  test('say that the rollup waits since 5 seconds, not since the standstill of a day before', async () => {
    produce(world, 0, tickJson(1))
    await takeIn(0, 1)
    await rollUp({ vector: (await stateOf(world)).vector })
    world.clock.nowMs += 86_400_000
    produce(world, 0, tickJson(2, '2026-03-02T12:00:00'))
    await takeIn(1, 2)
    world.clock.nowMs += 5_000
    produce(world, 0, tickJson(3, '2026-03-02T12:00:01'))
    await takeIn(2, 3)
    const values = await scrape()
    expect(values.get('tickhouse_stage_lag_records{stage="rollup"}')).toBe(2)
    expect(values.get('tickhouse_stage_lag_seconds{stage="rollup"}')).toBe(5)
  })

  test('say that 3 hours are stale since 90 seconds, 1 of them owed, and that the rollup has taken in all ticks', async () => {
    produce(world, 0, tickJson(1))
    await takeIn(0, 1)
    const stale = HourSet.of([100, 101, 5_000])
    const hours = {
      ...NOTHING_STALE,
      stale,
      owed: HourSet.of([101]),
      staleSinceUs: world.clock.nowMs * 1_000,
    }
    await rollUp({ vector: (await stateOf(world)).vector, hours })
    world.clock.nowMs += 90_000
    const values = await scrape()
    expect(values.get('tickhouse_stale_hours')).toBe(3)
    expect(values.get('tickhouse_owed_hours')).toBe(1)
    expect(values.get('tickhouse_stale_seconds')).toBe(90)
    expect(values.get('tickhouse_stage_lag_records{stage="rollup"}')).toBe(0)
    expect(values.get('tickhouse_stage_lag_seconds{stage="rollup"}')).toBe(0)
  })

  test('say that candles wait since 3 seconds to be published', async () => {
    await rollUp({ stampUs: world.clock.nowMs * 1_000, closedUntilUs: 60_000_000 })
    world.clock.nowMs += 3_000
    const values = await scrape()
    // The commit is a millisecond later than the one before it.
    expect(values.get('tickhouse_stage_lag_seconds{stage="publish"}')).toBe(2.999)
    expect(values.get('tickhouse_newest_closed_candle_end_timestamp_seconds')).toBe(60)
  })

  test('say that the newest round took 0.7 s and closed its minute after 1.9 s; nothing before one has said so', async () => {
    expect((await scrape()).has('tickhouse_rollup_duration_seconds')).toBe(false)
    await rollUp({ roundMs: 700, delayMs: 1_900 })
    const values = await scrape()
    expect(values.get('tickhouse_rollup_duration_seconds')).toBe(0.7)
    expect(values.get('tickhouse_rollup_delay_seconds')).toBe(1.9)
  })

  test('say how often others changed each table, and of what they never did that it was not done', async () => {
    expect((await scrape()).get('tickhouse_candles_held_hours')).toBe(0)
    const foreign = { stock_ticks: { deleted: 2 }, candles: { unknown: 1 } }
    await rollUp({ foreign, held: HourSet.of([1, 2, 30]) })
    const values = await scrape()
    expect(values.get('tickhouse_candles_held_hours')).toBe(3)
    const of = (table: string, kind: string) =>
      values.get(`tickhouse_foreign_changes_total{table="${table}",kind="${kind}"}`)
    expect([of('stock_ticks', 'deleted'), of('stock_ticks', 'unknown')]).toEqual([2, 0])
    expect([of('candles', 'unknown'), of('candles', 'overwritten')]).toEqual([1, 0])
  })

  test('without Kafka are those of the tables, and that Kafka is away', async () => {
    const topicLog = { offsets: away, firstFrom: away, last: away }
    const values = await scrape({ topicLog: topicLog as unknown as ObserveServices['topicLog'] })
    expect(values.get('tickhouse_dependency_up{dependency="kafka"}')).toBe(0)
    expect(values.get('tickhouse_dependency_up{dependency="iceberg"}')).toBe(1)
    expect(values.get('tickhouse_ticks_total')).toBe(0)
    expect(values.has('tickhouse_stage_lag_records{stage="ingest"}')).toBe(false)
  })

  test('without the catalog are that it is away, and nothing that is not known', async () => {
    const catalog = { ...world.catalog, loadTable: away } as unknown as ObserveServices['catalog']
    const values = await scrape({ catalog })
    expect(Object.fromEntries(values)).toEqual({
      'tickhouse_dependency_up{dependency="kafka"}': 1,
      'tickhouse_dependency_up{dependency="iceberg"}': 0,
    })
  })
})

describe('the health', () => {
  const pingTrino = async () => {}

  test('is that all four servers answer', async () => {
    const health = await checkHealth({ ...world.services, pingTrino })
    expect(health).toEqual({ kafka: true, catalog: true, s3: true, trino: true })
  })

  test('says that the ticks topic is not the one that was read', async () => {
    produce(world, 0, tickJson(1))
    await takeIn(0, 1)
    world.log.deleteTopic(SETTINGS.ticksTopic)
    world.log.createTopic(SETTINGS.ticksTopic, 4)
    const health = await checkHealth({ ...world.services, pingTrino })
    expect(health).toMatchObject({ kafka: expect.stringContaining('new-epoch'), catalog: true })
  })

  test('names why one of them does not', async () => {
    const health = await checkHealth({ ...world.services, pingTrino: away })
    expect(health).toEqual({ kafka: true, catalog: true, s3: true, trino: 'nobody answers' })
  })
})
